"""Files that no check should have to meet: what each does, and what is to come of it."""

from __future__ import annotations

GOOD = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3)
    def forward(self, x):
        return self.conv(x)
"""
BROKEN = GOOD.replace("return self.conv(x)", "return self.conv(self.conv(x))")


def in_init(statement: str) -> str:
    """A model whose constructor does something first."""
    return GOOD.replace("super().__init__()", f"super().__init__(); {statement}")


def in_forward(statement: str) -> str:
    """A model whose forward does something first."""
    return GOOD.replace("return self.conv(x)", f"{statement}; return self.conv(x)")


# Code that is stopped, or ends its process: one diagnostic each, CS011.
STOPPED = {
    "loops_at_import": "limit = sum(0 for _ in iter(int, 1))\n" + in_init("limit"),
    "loops_in_forward": "def spin():\n    while True: pass\n" + in_forward("spin()"),
    "exits_hard_at_import": "import os\nvalue = os._exit(7)\n" + in_init("value"),
    "exits_hard_in_init": "import os\n" + in_init("os._exit(0)"),
    "exits_hard_in_forward": "import os\n" + in_forward("os._exit(3)"),
    "segfault": "import ctypes\n" + in_init("ctypes.string_at(0)"),
    "aborts": "import os\n" + in_init("os.abort()"),
    "hoards_memory": "def hoard():\n    held = []\n    while True: held.append(bytearray(b'x') * (1 << 27))\n"
    + in_init("hoard()"),
    "raises_a_signal": "import signal\n" + in_init("signal.raise_signal(signal.SIGKILL)"),
    "closes_every_descriptor": "import os\n" + in_init("os.closerange(0, 1000); os._exit(0)"),
    "backtracks": "import re\n" + in_init("re.match('(a+)+$', 'a' * 60 + 'b')"),
    "computes_a_giant": in_init("10 ** 10 ** 9 % 7"),
    "has_endless_children": GOOD + "    def modules(self):\n        while True: yield self.conv\n",
    "recurses_without_limit": "import sys\ndef deeper(n): return [deeper(n + 1)]\n"
    + in_init("sys.setrecursionlimit(10**9); deeper(0)"),
    "interrupts_itself": in_init("raise KeyboardInterrupt"),
    "limits_itself": "import resource\n"
    + in_forward("resource.setrlimit(resource.RLIMIT_CPU, (1, 1)); sum(iter(int, 1))"),
    "writes_to_every_descriptor": "import os\ndef spin():\n    for n in range(3, 64):\n"
    "        try: os.write(n, b'\\x00\\x00\\x10\\x00' * 999)\n        except OSError: pass\n    while True: pass\n"
    + in_init("spin()"),
    "recurses_in_c": "import ctypes\n" + in_init("ctypes.memset(8, 0, 1 << 40)"),
}

# Code whose mischief is without effect: its model is checked, and found to be in order.
HARMLESS = {
    "exits_at_the_end": GOOD + "import sys\nsys.exit(4)\n",
    "quits": GOOD + "quit()\n",
    "prints_a_lot": in_init("print('x' * 50_000_000)"),
    "writes_to_the_descriptor": "import os\n" + in_init("os.write(1, b'y' * 1_000_000)"),
    "changes_the_directory": "import os\n" + in_init("os.chdir('/')"),
    "deletes_the_path": "import sys\n" + GOOD + "sys.path.clear()\n",
    "replaces_stdout": "import sys\nsys.stdout = None\n" + GOOD,
    "trains": GOOD + "net = Net()\nfor x in range(10**12):\n    net(x).backward()\n",
    "asks_for_input": GOOD + "name = input('who? ')\n",
    "parses_arguments": "import argparse\np = argparse.ArgumentParser()\np.add_argument('--data', required=True)\n"
    "a = p.parse_args()\n" + in_init("a.data"),
    "misses_packages": "import cv2_, wandb_\nfrom apex_ import amp\n" + GOOD,
    "registers_at_exit": "import atexit\natexit.register(lambda: print(1 / 0))\n" + GOOD,
    "starts_a_thread": "import threading, time\n" + in_init("threading.Thread(target=time.sleep, args=(99,)).start()"),
    "sets_an_alarm": "import signal\n" + GOOD + "signal.alarm(1)\n",
    "moves_to_cuda": in_init("self.cuda()") + "net = Net().cuda().to('cuda:1')\n",
    "sets_the_default_dtype": GOOD + "torch.set_default_dtype(torch.float64)\n",
    "loads_weights": in_init("self.load_state_dict(torch.load('nowhere.pt'))"),
    "downloads_weights": in_init("self.load_state_dict(torch.hub.load_state_dict_from_url('https://x.invalid/w.pt'))"),
    "star_import": "from math import *\n" + GOOD,
    "no_end_of_line": GOOD.rstrip("\n"),
    "other_encoding": "# -*- coding: latin-1 -*-\n# caf\xe9\nfrom torch import nn\n" + GOOD,
    "ignores_signals": "import signal\n" + in_init("signal.signal(signal.SIGTERM, signal.SIG_IGN)"),
    "keeps_a_thread_busy": "import threading\ndef spin():\n    while True: pass\n"
    + in_init("threading.Thread(target=spin).start()"),
    "collects_no_garbage": "import gc\n" + in_init("gc.disable(); gc.set_threshold(0)"),
    "closes_stdout": "import sys, os\n" + in_init("sys.stdout.close(); os.close(1); os.close(2)"),
    "contains_itself": in_init("object.__setattr__(self, 'me', self); self._modules['me'] = self"),
    "has_a_metaclass": "class Meta(type):\n    def __call__(cls, *a, **k):\n        return super().__call__(*a, **k)\n"
    "    def __len__(cls): raise TypeError\n    def __eq__(cls, other): return NotImplemented\n"
    "    __hash__ = type.__hash__\n" + GOOD.replace("nn.Module", "nn.Module, metaclass=Meta"),
    "says_nothing_of_itself": GOOD + "    def __repr__(self): raise ValueError\n    __str__ = __repr__\n",
    "byte_order_mark": "\ufeff" + GOOD,
    "unicode_names": GOOD.replace("Net", "Мрежа").replace("conv", "свёртка") + "# \U0001f9ea\n",
    "long_lines": GOOD + "data = [" + "0, " * 30_000 + "]\n",
    "many_statements": GOOD + "x = 1\n" * 4_000,
    "sets_the_default_device": in_init("torch.set_default_device('cuda')"),
    "sets_threads": in_init("torch.set_num_threads(64)"),
    "finds_no_module": "import sys\nclass Finder:\n    def find_spec(self, *a): raise ZeroDivisionError\n"
    + in_init("sys.meta_path.insert(0, Finder())"),
    "carriage_returns": GOOD.replace("\n", "\r\n"),
    "huge_model": GOOD + "class Huge(Net):\n    def __init__(self):\n        super().__init__()\n"
    "        self.fc = nn.Linear(10**6, 10**6)\n",
}

# Code that tries to change the world: it is kept from it, and its model is checked where it can be.
EFFECTS = {
    "writes_a_file": in_init("open('written.txt', 'w')"),
    "writes_by_descriptor": "import os\n" + in_init("os.open('written.txt', os.O_CREAT | os.O_WRONLY)"),
    "deletes_itself": "import os\n" + in_init("os.remove(__file__)"),
    "makes_a_folder": "import os\n" + in_init("os.makedirs('made')"),
    "removes_the_tree": "import shutil, os\n" + in_init("shutil.rmtree(os.path.dirname(os.path.abspath(__file__)))"),
    "starts_a_process": "import subprocess\n" + in_init("subprocess.run(['touch', 'written.txt'])"),
    "calls_the_shell": "import os\n" + in_init("os.system('touch written.txt')"),
    "forks": "import os\n" + in_init("os.fork()"),
    "connects": "import socket\n" + in_init("socket.create_connection(('127.0.0.1', 9))"),
    "kills_its_parent": "import os\n" + in_init("os.kill(os.getppid(), 9)"),
}

# Code whose model cannot be had: at most one diagnostic, and none that blames convsym.
FAILING = {
    "raises_what_cannot_be_printed": "class Mute(Exception):\n    def __str__(self): raise self\n    __repr__ = __str__\n"
    + in_init("raise Mute"),
    "raises_a_long_message": in_init("raise ValueError('x' * 10_000_000)"),
    "raises_half_a_character": in_init("raise ValueError('\\udcff')"),
    "raises_no_exception": "class Stop(BaseException): pass\n" + in_forward("raise Stop"),
    "exits_a_generator": in_forward("raise GeneratorExit"),
    "exits_in_forward": in_forward("raise SystemExit"),
    "recurses": in_forward("self.forward(x)"),
    "looks_itself_up": GOOD + "    def __getattr__(self, name): return getattr(self, name)\n",
    "forgets_modules": "import sys\n" + in_init("[sys.modules.pop(n) for n in list(sys.modules) if 'convsym' in n]"),
    "takes_torch_away": in_init("torch.nn.Conv2d = None; torch.relu = None"),
    "takes_builtins_away": "import builtins\n" + in_init("del builtins.len, builtins.isinstance"),
    "traces": "import sys\ndef trace(*a): raise ZeroDivisionError\n" + in_init("sys.settrace(trace)"),
    "is_a_coroutine": GOOD.replace("def forward", "async def forward"),
    "is_a_generator": GOOD.replace("return", "yield"),
    "has_no_forward": GOOD.replace("forward", "backward"),
    "is_no_module": GOOD.replace("nn.Module", "object"),
    "makes_another": GOOD + "    def __new__(cls): return 3\n",
    "changes_its_class": in_init("self.__class__ = nn.ReLU"),
    "lies_about_its_class": GOOD + "    __class__ = property(lambda self: int)\n",
    "is_deleted": GOOD + "del Net\n",
    "patches_calls": in_init("nn.Module.__call__ = lambda self, *a: None"),
}

# What is no Python at all.
UNREADABLE = {
    "no_python": "class Net(nn.Module:\n",
    "null_bytes": "x = 1\0\n",
    "other_bytes": "x = '\udcff\udcfe'\n",
    "too_deep": "x = " + "(" * 5000 + ")" * 5000 + "\n",
}
