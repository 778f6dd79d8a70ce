"""What a repository holds that no engine here can run, by the names of its files. Pure."""

ENGINES = "the engines here read safetensors with a config.json"


def no_config(names):
    """Why a repository without a config.json is no model for an engine."""
    return f"it has no config.json: {found(names) or 'it is no model for transformers or MLX'}; {ENGINES}"


def no_weights(names):
    """Why one without weights in safetensors is none."""
    return f"it has no weights in safetensors: {found(names) or 'there are no weights in it'}; {ENGINES}"


def found(names):
    """A few words on what the files are; None = nothing known."""
    base = [name.rsplit("/", 1)[-1].lower() for name in names]

    def any_of(*ends):
        return any(name.endswith(ends) for name in base)

    if "model_index.json" in base:
        return "it is a pipeline for pictures (diffusers)"
    if "adapter_config.json" in base:
        return "it is an adapter (LoRA) for another model, not a model"
    if any_of(".gguf", ".ggml"):
        return "it holds GGUF, for llama.cpp, Ollama or LM Studio"
    if any_of(".mlpackage", ".mlmodel", ".mlmodelc") or any(".mlpackage/" in name for name in names):
        return "it holds a Core ML model"
    if any_of(".onnx"):
        return "it holds an ONNX model"
    if any_of(".npz"):
        return "it holds weights of an early MLX (npz)"
    if any_of(".bin", ".pt", ".pth", ".ckpt"):
        return "it holds PyTorch weights, which have to be converted first (mlx_lm.convert)"
    if any_of(".h5", ".msgpack", ".tflite"):
        return "it holds weights for TensorFlow or JAX"
    if any_of(".parquet", ".jsonl.gz", ".arrow"):
        return "it looks like a set of data"
    if any_of(".safetensors"):
        return "it holds bare weights"
    return None
