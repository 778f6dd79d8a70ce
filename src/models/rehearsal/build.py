"""Builds the rehearsal model: a checkpoint whose weights spell out a script.

    python -I build.py OUT_DIR SCRIPT.json

The script is {"steps": [{"tool": NAME, "input": {...}}, ...], "closing": SENTENCE}. The result is a real checkpoint
(safetensors, tokenizer, chat template) of one layer with one attention head: at the n-th turn of a conversation an
engine generates the n-th tool call in Hermes syntax, token by token, and after the last one the closing sentence. A step's
"say" is a sentence before its call. Two more fields are for templates of one's own: "texts", sentences that begin at
<|textN|>, and "vocabulary", its tokens.
About 4 MB and 2 s. The same script and the same Python give the same bytes. Needs numpy, tokenizers and safetensors.

Prints one JSON line, {"folder": ..., "bytes": ..., "tokens": ...}; a script that cannot be spelled exits 2 with a line.
"""

import json
import os
import re
import shutil
import sys
import sysconfig
from pathlib import Path

os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

import numpy as np
from safetensors.numpy import save_file
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers

WIDTH = 128  # random unit vectors of this width overlap by at most 0.5 or so, even thousands of them
HEAD = 32
CONTEXT = 131_072  # tokens
VOCABULARY = 4_096  # an agent's first request is about 7,000 tokens with it; of single bytes it would be 28,000
PIECE = 24  # characters of a generated token
TRAINING_BYTES = 3_000_000
SHARPNESS = 8.0  # logits of right and wrong token differ by tens, so that no sampling setting picks a wrong one
START, END, CLOSING = "<|im_start|>", "<|im_end|>", "<|closing|>"
CALL_START, CALL_END = "<tool_call>", "</tool_call>"  # mlx_lm.server looks for them as tokens of their own


def step_token(index):
    return f"<|step{index}|>"


def text_token(index):
    return f"<|text{index}|>"


class BadScript(Exception):
    """The script cannot be spelled; the message says why."""


def read_script(path):
    """The script's calls as text an engine's Hermes parser reads back, its sentences, closing first, and vocabulary."""
    try:
        script = json.loads(Path(path).read_text(encoding="utf-8"))
        steps = [(step["tool"], step["input"], step.get("say", "")) for step in script["steps"]]
        texts = [script["closing"], *script.get("texts", [])]
        vocabulary = int(script.get("vocabulary", VOCABULARY))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadScript(f"{path}: not a script ({type(error).__name__}: {error})") from error
    for text in [*texts, *(say or "-" for _, _, say in steps)]:
        if not isinstance(text, str) or not text.strip() or not text.isascii():
            raise BadScript("a sentence must be plain ASCII text")
    for tool, given, _ in steps:
        if not isinstance(tool, str) or not isinstance(given, dict):
            raise BadScript("a step needs a tool's name and an object as its input")
    return [(say + "\n" if say else "") + call_text(tool, given) for tool, given, say in steps], texts, vocabulary


def call_text(tool, given):
    """One call, all ASCII: a byte-level vocabulary cannot hold other characters in a token of its own.

    Tags inside the input are escaped too, as an engine's parser would take them for the end of the call.
    """
    call = json.dumps({"name": tool, "arguments": given})
    return CALL_START + "\n" + re.sub(r"<(?=\||/?(?:tool_|think|function))", r"\\u003c", call) + "\n"


def cut(text, ending, follows):
    """Cuts text into tokens that each have one successor only; `follows` maps a token to the text after it and grows.

    A token may therefore stand in two texts only where both go on alike to their end. The tag that opens a call is a
    token of its own in the first call only, as the next one goes on otherwise.
    """
    pieces, start = [], 0

    def clashes(end):
        piece, rest = text[start:end], text[end:] + ending
        return follows.get(piece, rest) != rest or not piece.strip()

    while start < len(text):
        opens = start == 0 and text.startswith(CALL_START)
        end = len(CALL_START) if opens else min(start + PIECE, len(text))
        while clashes(end) and end < len(text):
            end += 1
        while clashes(end) and pieces:  # the whole rest is a token of another text: it joins the piece before
            start -= len(pieces.pop())
        if clashes(end):
            raise BadScript(f"cannot spell {text[start:]!r} in tokens of its own")
        pieces.append(text[start:end])
        follows[text[start:end]] = text[end:] + ending
        start = end
    return pieces


def training_text():
    """A few MB of Python's own standard library: text that an agent's requests resemble, on every machine."""
    left = TRAINING_BYTES
    for file in [*sorted(Path(sysconfig.get_path("stdlib")).glob("*.py")), Path(__file__)]:
        if left <= 0:
            return
        text = file.read_bytes()[:left].decode("utf-8", "replace")
        left -= len(text)
        yield text


def train_tokenizer(vocabulary):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    trainer = trainers.BpeTrainer(vocab_size=vocabulary, initial_alphabet=alphabet, show_progress=False)
    tokenizer.train_from_iterator(training_text(), trainer)
    return tokenizer


def spell(tokenizer, calls, sentences):
    """Adds the script's tokens and returns the chains: lists of token ids, each generated from the one before."""
    starts = [step_token(index) for index in range(len(calls))]
    openings = [CLOSING, *(text_token(index) for index in range(len(sentences) - 1))]
    specials = [START, END, *starts, *openings]
    tokenizer.add_special_tokens([AddedToken(name, special=True, normalized=False) for name in specials])
    follows = dict.fromkeys([*tokenizer.get_vocab(), CALL_END])
    texts = [[start, *cut(text, CALL_END, follows), CALL_END] for start, text in zip(starts, calls)]
    texts += [[start, *cut(text, "", follows)] for start, text in zip(openings, sentences)]
    pieces = [piece for text in texts for piece in text[1:]]
    tokenizer.add_tokens([AddedToken(piece, normalized=False) for piece in dict.fromkeys(pieces)])
    return [[tokenizer.token_to_id(piece) for piece in [*text, END]] for text in texts]


def weights_for(chains, size):
    """One layer whose attention and MLP add nothing: the hidden state is the last token's embedding.

    Tokens with the same successor share an embedding, so that no output row is a sum of many: `lm_head[next]` is
    that very vector, and the next token wins by a wide margin however long the script is.
    """
    random = np.random.default_rng(20_251_121)
    embedding = random.standard_normal((size, WIDTH)).astype(np.float32)
    embedding /= np.linalg.norm(embedding, axis=1, keepdims=True)
    head = np.zeros((size, WIDTH), np.float32)
    leads_to = {}
    for chain in chains:
        for current, following in zip(chain, chain[1:]):
            embedding[current] = leads_to.setdefault(following, embedding[current].copy())
            head[following] = embedding[current] * SHARPNESS
    layer = "model.layers.0."
    shapes = {
        "self_attn.q_proj": (HEAD, WIDTH),
        "self_attn.k_proj": (HEAD, WIDTH),
        "self_attn.v_proj": (HEAD, WIDTH),
        "self_attn.o_proj": (WIDTH, HEAD),
        "mlp.gate_proj": (WIDTH, WIDTH),
        "mlp.up_proj": (WIDTH, WIDTH),
        "mlp.down_proj": (WIDTH, WIDTH),
    }
    weights = {f"{layer}{name}.weight": np.zeros(shape, np.float32) for name, shape in shapes.items()}
    for name in (f"{layer}input_layernorm", f"{layer}post_attention_layernorm", "model.norm"):
        weights[f"{name}.weight"] = np.ones(WIDTH, np.float32)
    return {"model.embed_tokens.weight": embedding, "lm_head.weight": head, **weights}


def config_for(size, start, end):
    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "hidden_size": WIDTH,
        "num_hidden_layers": 1,
        "intermediate_size": WIDTH,
        "num_attention_heads": 1,
        "num_key_value_heads": 1,
        "head_dim": HEAD,
        "rms_norm_eps": 1e-6,
        "vocab_size": size,
        "rope_theta": 10_000.0,
        "max_position_embeddings": CONTEXT,
        "tie_word_embeddings": False,
        "bos_token_id": start,
        "eos_token_id": end,
        "torch_dtype": "float32",
    }


def write_checkpoint(folder, calls, sentences, vocabulary):
    """Writes the checkpoint's files into an existing empty folder; returns the size of its vocabulary."""
    tokenizer = train_tokenizer(vocabulary)
    chains = spell(tokenizer, calls, sentences)
    size = (tokenizer.get_vocab_size() + 31) // 32 * 32
    tokenizer.save(str(folder / "tokenizer.json"))
    save_file(weights_for(chains, size), str(folder / "model.safetensors"), metadata={"format": "mlx"})
    start, end = tokenizer.token_to_id(START), tokenizer.token_to_id(END)
    template = Path(__file__).with_name("template.jinja").read_text(encoding="utf-8")
    files = {
        "config.json": config_for(size, start, end),
        "generation_config.json": {"bos_token_id": start, "eos_token_id": end},
        "tokenizer_config.json": {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "bos_token": START,
            "eos_token": END,
            "pad_token": END,
            "model_max_length": CONTEXT,
            "clean_up_tokenization_spaces": False,
            "tool_parser_type": "json_tools",  # mlx_lm.server's name for this syntax
            "chat_template": template.replace("STEPS", str(len(calls))),
        },
    }
    for name, content in files.items():
        (folder / name).write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    return size


def build(out, script):
    """Builds beside `out` and moves the whole into its place, so that `out` is never half a model."""
    calls, sentences, vocabulary = read_script(script)
    out = Path(os.path.abspath(out))
    out.parent.mkdir(parents=True, exist_ok=True)
    fresh = out.with_name(f"{out.name}.tmp-{os.getpid()}")
    old = out.with_name(f"{out.name}.old-{os.getpid()}")
    try:
        fresh.mkdir(mode=0o700)
        size = write_checkpoint(fresh, calls, sentences, vocabulary)
        for file in fresh.iterdir():
            with open(file, "rb") as written:
                os.fsync(written.fileno())
        if out.exists():
            out.rename(old)
        fresh.rename(out)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)
    return {"folder": str(out), "bytes": sum(file.stat().st_size for file in out.iterdir()), "tokens": size}


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: build.py OUT_DIR SCRIPT.json")
    try:
        print(json.dumps(build(sys.argv[1], sys.argv[2])), flush=True)
    except BadScript as problem:
        print(problem, file=sys.stderr)
        sys.exit(2)
