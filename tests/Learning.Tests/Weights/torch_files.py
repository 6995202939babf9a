"""Writes state dicts as torch.save does in all its forms, and reads what kdr exported.

    torch_files.py write FOLDER             FOLDER/*.pt in several forms, and expected.json: name -> shape, dtype, base64 of bytes
    torch_files.py read FILE.pt ANSWERS     loads with weights_only=True and writes the same description of it
"""
import base64
import collections
import json
import os
import sys

import torch


def described(state):
    raw = lambda tensor: base64.b64encode(bytes(tensor.detach().contiguous().clone().storage().untyped())).decode()
    return {name: {"shape": list(t.shape), "dtype": str(t.dtype), "bytes": raw(t)} for name, t in state.items()}


def write(folder):
    torch.manual_seed(0)
    state = collections.OrderedDict()
    state["conv.weight"] = torch.nn.Parameter(torch.randn(4, 3, 3, 3))
    state["transposed"] = torch.randn(5, 7).t()
    state["last"] = torch.randn(2, 3, 4, 5).contiguous(memory_format=torch.channels_last)
    state["part"] = torch.randn(10)[3:8]
    state["tied"] = state["part"]
    state["double"] = torch.randn(3, dtype=torch.float64)
    state["half"] = torch.randn(6).half()
    state["brain"] = torch.randn(6).bfloat16()
    state["counter"] = torch.tensor(7)
    state["int"] = torch.tensor([-1, 2], dtype=torch.int32)
    state["bytes"] = torch.tensor([1, 255], dtype=torch.uint8)
    state["flags"] = torch.tensor([True, False])
    state["empty"] = torch.empty(0, 3)
    optimizer = torch.optim.SGD([state["conv.weight"]], lr=.1, momentum=.9)
    checkpoint = {"epoch": 3, "state_dict": state, "best": 91.5, "optimizer": optimizer.state_dict(), "args": os.environ.copy(), "seen": {1, 2}}
    torch.save(state, os.path.join(folder, "zip.pt"))
    torch.save(checkpoint, os.path.join(folder, "checkpoint.pt"))
    torch.save(checkpoint, os.path.join(folder, "legacy.pt"), _use_new_zipfile_serialization=False)
    for protocol in (1, 3, 4, 5):
        torch.save(checkpoint, os.path.join(folder, "zip-%d.pt" % protocol), pickle_protocol=protocol)
        torch.save(checkpoint, os.path.join(folder, "legacy-%d.pt" % protocol), pickle_protocol=protocol, _use_new_zipfile_serialization=False)
    torch.save(torch.nn.Linear(2, 3), os.path.join(folder, "module.pt"))
    with open(os.path.join(folder, "expected.json"), "w") as file:
        json.dump(described(state), file)


def read(path, answers):
    state = torch.load(path, weights_only=True)
    assert type(state) is collections.OrderedDict
    with open(answers, "w") as file:
        json.dump(described(state), file)


{"write": write, "read": read}[sys.argv[1]](*sys.argv[2:])
