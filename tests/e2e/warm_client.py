"""The `python` of a warm stack: the program itself runs in a fork of the warm process (see warm.py).

This process stands for it: it hands its arguments, environment, folder and streams over, passes signals on, and ends as
the program ends; if this one is killed, so is the program. Built-in modules alone: it starts in some milliseconds.
"""

import _signal
import _socket
import marshal
import os
import select
import sys

PASSED_ON = (_signal.SIGHUP, _signal.SIGINT, _signal.SIGTERM)


def ask(address, arguments):
    """Have it started; returns the connection, and the process that really is the program."""
    server = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    server.connect(address)
    asked = marshal.dumps((arguments, dict(os.environ), os.getcwd(), os.getpid()))
    streams = b"".join(number.to_bytes(4, sys.byteorder) for number in range(3))
    server.sendmsg([len(asked).to_bytes(4, "big")], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, streams)])
    server.sendall(asked)
    return server, int.from_bytes(server.recv(4), "big")


def answer(server, parent):
    """How the program has ended; nothing, if who started this is gone, for whom the program would look in vain."""
    while os.getppid() == parent:
        if select.select([server], [], [], 1)[0]:
            return server.recv(4)
    return b""


def main(address, arguments):
    if arguments[:1] != ["-u"] or (arguments[1].startswith("-") and arguments[1] != "-m"):
        os.execv(sys.executable, [sys.executable, *arguments])  # nothing that is read from a plugin or a program
    parent = os.getppid()
    _signal.pthread_sigmask(_signal.SIG_BLOCK, PASSED_ON)  # until there is somebody to pass them on to
    server, twin = ask(address, arguments[1:])
    if not twin:
        sys.exit("the warm Python is gone")
    for number in PASSED_ON:
        _signal.signal(number, lambda sent, _frame: os.kill(twin, sent))
    _signal.pthread_sigmask(_signal.SIG_UNBLOCK, PASSED_ON)
    told = answer(server, parent)
    status = int.from_bytes(told, "big") if told else _signal.SIGKILL
    for number in PASSED_ON:
        _signal.signal(number, _signal.SIG_DFL)
    if os.WIFSIGNALED(status):
        os.kill(os.getpid(), os.WTERMSIG(status))
    os._exit(os.WEXITSTATUS(status))


main(sys.argv[1], sys.argv[2:])
