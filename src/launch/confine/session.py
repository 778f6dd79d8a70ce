"""The outer process and the first inner one; see main.py."""

import json
import os
import signal

from cclocal_confine import files, kernel, namespaces, refused, relay, syscalls

HANDED_ON = (signal.SIGTERM, signal.SIGHUP)
# Python ignores these, and a program that is started would inherit it.
RESTORED = (signal.SIGINT, signal.SIGQUIT, signal.SIGTSTP, signal.SIGPIPE, signal.SIGXFSZ, *HANDED_ON)


def run(spec):
    whole = spec["files"]
    namespaces.enter(whole)
    counters = refused.Counters()
    door = relay.listen(spec["port"])
    # Opened now: the program within must not be able to put another file in its place.
    report = os.open(spec["report"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    passing = relay.start(door, spec["relay"])
    door.close()
    outcome, told = os.pipe()
    # Until whoever hands them on is ready to: to the first process of a namespace they would otherwise be lost.
    signal.pthread_sigmask(signal.SIG_BLOCK, HANDED_ON)
    if whole:
        namespaces.own_processes()
    child = os.fork()
    if child == 0:
        os.close(outcome)
        inner(spec, whole, told)
    os.close(told)
    hand_on(child)
    os.waitpid(child, 0)
    os.kill(passing, signal.SIGKILL)
    with os.fdopen(outcome, encoding="ascii") as pipe:
        said = pipe.read()
    enforced = ["network", "system calls", *(["files", "processes"] if whole else [])]
    os.write(report, json.dumps({"enforced": enforced, "refused": counters.read()}).encode())
    os.close(report)
    return end_as(said)


def hand_on(child):
    """What the terminal sends to all is the program's to answer; what is sent to this process is handed on."""
    for name in (signal.SIGINT, signal.SIGQUIT):
        signal.signal(name, signal.SIG_IGN)
    for name in HANDED_ON:
        signal.signal(name, lambda number, _: os.kill(child, number))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, HANDED_ON)


def end_as(said):
    """Ends as the program did: `said` is its wait status, or what went wrong before it began."""
    if not said.isdigit():
        os.write(2, f"cclocal: the agent was not started: {said or 'it was killed'}\n".encode())
        return 98 if said else 137
    status = int(said)
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        signal.signal(number, signal.SIG_DFL) if number not in (signal.SIGKILL, signal.SIGSTOP) else None
        os.kill(os.getpid(), number)
    return os.waitstatus_to_exitcode(status)


def inner(spec, whole, told):
    """The first process of the namespaces: makes them as they shall be, starts the program, and waits for all."""
    try:
        kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)
        if whole:
            files.arrange(spec["writable"], spec["readonly"])
            os.chdir(spec["cwd"])
        kernel.give_up_rights()
        syscalls.enforce()
        kernel.prctl(kernel.PR_SET_DUMPABLE, 0)
        os.set_inheritable(told, False)
        child = os.fork()
        if child == 0:
            become(spec["argv"], told)
        hand_on(child)
        while (ended := os.wait())[0] != child:
            pass
        os.write(told, str(ended[1]).encode())
    except OSError as error:
        os.write(told, str(error).encode("ascii", "replace"))
    finally:
        # Not the interpreter's own end: the outer process shares its buffers.
        os._exit(0)


def become(argv, told):
    try:
        for name in RESTORED:
            signal.signal(name, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        os.closerange(3, told)
        os.closerange(told + 1, 1024)
        os.execv(argv[0], argv)
    except OSError as error:
        os.write(told, f"{argv[0]}: {error}".encode("ascii", "replace"))
    finally:
        os._exit(127)
