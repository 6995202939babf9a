#!/usr/bin/env python3
"""The backbones once more, in PyTorch: what they answer to given images with given weights.

    backbones.py FOLDER

FOLDER/cases.json: {name: the architecture of a spec}. FOLDER/NAME.safetensors: the state dict and `images` [N, 3, 32, 32]
in [0,1]. Written: FOLDER/answers.json, {name: {tensor: base64 of float32}} with `logits` and `gradient` (of the summed
cross entropy to labels 0, 1, .. with respect to the images) in evaluation, `training` (logits in training mode), and every
running mean and variance after that pass.
"""
import base64
import json
import os
import struct
import sys

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.set_num_threads(1)


def conv(i, o, kernel=3, stride=1):
    return nn.Conv2d(i, o, kernel, stride, kernel // 2, bias=False)


class Pad(nn.Module):
    """Option A: the picture at half the size, new channels of zeros half before and half behind."""

    def __init__(self, i, o, stride):
        super().__init__()
        self.extra, self.stride = (o - i) // 2, stride

    def forward(self, x):
        x = x[:, :, ::self.stride, ::self.stride]
        zeros = torch.zeros(x.shape[0], self.extra, *x.shape[2:])
        return torch.cat([zeros, x, zeros], 1)


class PostActivation(nn.Module):
    def __init__(self, i, o, stride, kind):
        super().__init__()
        self.conv1, self.bn1 = conv(i, o, 3, stride), nn.BatchNorm2d(o)
        self.conv2, self.bn2 = conv(o, o), nn.BatchNorm2d(o)
        self.kind = kind if stride > 1 or i != o else None
        if self.kind == "pad":
            self.pad = Pad(i, o, stride)
        elif self.kind:
            setattr(self, kind, nn.Sequential(conv(i, o, 1, stride), nn.BatchNorm2d(o)))

    def forward(self, x):
        y = self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(x)))))
        return torch.relu(y + (x if self.kind is None else getattr(self, self.kind)(x)))


class PreActivation(nn.Module):
    """Wide-ResNet's and the pre-activation ResNet's block; they differ in the shortcut's name."""

    def __init__(self, i, o, stride, wide):
        super().__init__()
        self.bn1, self.conv1 = nn.BatchNorm2d(i), conv(i, o, 3, stride)
        self.bn2, self.conv2 = nn.BatchNorm2d(o), conv(o, o)
        self.name = None if i == o else "convShortcut" if wide else "shortcut"
        if self.name:
            setattr(self, self.name, conv(i, o, 1, stride) if wide else nn.Sequential(conv(i, o, 1, stride)))

    def forward(self, x):
        active = torch.relu(self.bn1(x))
        y = self.conv2(torch.relu(self.bn2(self.conv1(active))))
        return y + (x if self.name is None else getattr(self, self.name)(active))


class Group(nn.Module):
    def __init__(self, blocks):
        super().__init__()
        self.layer = blocks

    def forward(self, x):
        return self.layer(x)


class Network(nn.Module):
    def __init__(self, a):
        super().__init__()
        kind = a["kind"]
        self.normalize = a["normalize"]
        self.pre = kind in ("wide-resnet", "preact-resnet-18")
        if kind == "wide-resnet":
            widths, n = [16] + [16 * 2 ** s * a["width"] for s in range(3)], (a["depth"] - 4) // 6
        elif kind == "cifar-resnet":
            widths, n = [16, 16, 32, 64], (a["depth"] - 2) // 6
        else:
            widths, n = [64, 64, 128, 256, 512], 2
        shortcut = {"pad": "pad", "projection": "downsample"}[a["shortcut"]] if kind == "cifar-resnet" else "shortcut"
        self.conv1 = conv(3, widths[0])
        if not self.pre:
            self.bn1 = nn.BatchNorm2d(widths[0])
        self.stages = []
        for s in range(1, len(widths)):
            blocks = []
            for b in range(n):
                i, stride = (widths[s - 1], 1 if s == 1 else 2) if b == 0 else (widths[s], 1)
                blocks.append(PreActivation(i, widths[s], stride, kind == "wide-resnet") if self.pre else PostActivation(i, widths[s], stride, shortcut))
            name = f"block{s}" if kind == "wide-resnet" else f"layer{s}"
            setattr(self, name, Group(nn.Sequential(*blocks)) if kind == "wide-resnet" else nn.Sequential(*blocks))
            self.stages.append(name)
        self.last = {"wide-resnet": "bn1", "preact-resnet-18": "bn"}.get(kind)
        if self.last:
            setattr(self, self.last, nn.BatchNorm2d(widths[-1]))
        self.head = "fc" if kind == "wide-resnet" or shortcut == "downsample" else "linear"
        setattr(self, self.head, nn.Linear(widths[-1], 10))

    def forward(self, x):
        if self.normalize:
            x = (x - torch.tensor(self.normalize["mean"]).view(3, 1, 1)) / torch.tensor(self.normalize["std"]).view(3, 1, 1)
        x = self.conv1(x)
        if not self.pre:
            x = torch.relu(self.bn1(x))
        for name in self.stages:
            x = getattr(self, name)(x)
        if self.last:
            x = torch.relu(getattr(self, self.last)(x))
        return getattr(self, self.head)(x.mean((2, 3)))


def read(path):
    with open(path, "rb") as file:
        data = bytearray(file.read())
    length, = struct.unpack_from("<Q", data)
    body = memoryview(data)[8 + length:]
    types = {"F32": torch.float32, "I64": torch.int64}
    return {name: torch.frombuffer(body[slice(*entry["data_offsets"])], dtype=types[entry["dtype"]]).reshape(entry["shape"])
            for name, entry in json.loads(data[8:8 + length]).items() if name != "__metadata__"}


def answer(architecture, state):
    images = state.pop("images").clone().requires_grad_()
    network = Network(architecture)
    network.load_state_dict(state)
    network.eval()
    logits = network(images)
    gradient, = torch.autograd.grad(F.cross_entropy(logits, torch.arange(len(images)), reduction="sum"), images)
    network.train()
    training = network(images.detach())
    running = {name: t for name, t in network.state_dict().items() if "running" in name}
    return {"logits": logits, "gradient": gradient, "training": training, **running}


def main(folder):
    with open(os.path.join(folder, "cases.json"), encoding="utf-8") as file:
        cases = json.load(file)
    answers = {name: answer(architecture, read(os.path.join(folder, name + ".safetensors"))) for name, architecture in cases.items()}
    with open(os.path.join(folder, "answers.json"), "w", encoding="utf-8") as file:
        json.dump({name: {key: base64.b64encode(t.detach().contiguous().numpy().tobytes()).decode() for key, t in tensors.items()}
                   for name, tensors in answers.items()}, file)


main(sys.argv[1])
