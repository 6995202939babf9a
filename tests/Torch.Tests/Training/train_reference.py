#!/usr/bin/env python3
"""Trains the small wide residual network of the tests with PyTorch and prints what came out, for a comparison bit for bit.

    train_reference.py sgd|adam|pgd OUT.json

One thread. Weights come from the default generator (seed 2024), data from a generator of its own (seed 7).
"""
import base64
import json
import sys

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.set_num_threads(1)


class Block(nn.Module):
    def __init__(self, i, o, stride):
        super().__init__()
        self.bn1 = nn.BatchNorm2d(i)
        self.conv1 = nn.Conv2d(i, o, 3, stride, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(o)
        self.conv2 = nn.Conv2d(o, o, 3, 1, 1, bias=False)
        self.convShortcut = None if i == o else nn.Conv2d(i, o, 1, stride, bias=False)

    def forward(self, x):
        active = F.relu(self.bn1(x))
        kept = x if self.convShortcut is None else self.convShortcut(active)
        return kept + self.conv2(F.relu(self.bn2(self.conv1(active))))


class Group(nn.Module):
    def __init__(self, i, o, stride):
        super().__init__()
        self.layer = nn.Sequential(Block(i, o, stride))

    def forward(self, x):
        return self.layer(x)


class SmallWideResNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 16, 3, 1, 1, bias=False)
        self.block1 = Group(16, 16, 1)
        self.block2 = Group(16, 32, 2)
        self.block3 = Group(32, 64, 2)
        self.bn1 = nn.BatchNorm2d(64)
        self.fc = nn.Linear(64, 10)
        self.register_buffer("mean", torch.tensor([0.491, 0.482, 0.447]).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("deviation", torch.tensor([0.247, 0.243, 0.262]).view(1, 3, 1, 1), persistent=False)

    def forward(self, x):
        x = self.conv1((x - self.mean) / self.deviation)
        x = F.relu(self.bn1(self.block3(self.block2(self.block1(x)))))
        return self.fc(F.avg_pool2d(x, 8).flatten(1))


def encode(t):
    return base64.b64encode(t.detach().contiguous().numpy().tobytes()).decode()


def main(kind, path):
    torch.manual_seed(2024)
    net = SmallWideResNet()
    data = torch.Generator().manual_seed(7)
    images = torch.rand(96, 3, 32, 32, generator=data)
    labels = torch.randint(0, 10, (96,), generator=data)
    losses = []
    if kind == "pgd":
        net.eval()
        x, y = images[:16], labels[:16]
        adversarial = x.clone()
        for _ in range(10):
            adversarial.requires_grad_(True)
            loss = F.cross_entropy(net(adversarial), y)
            gradient, = torch.autograd.grad(loss, adversarial)
            losses.append(loss)
            adversarial = (adversarial + 2 / 255 * gradient.sign()).detach()
            adversarial = torch.min(torch.max(adversarial, x - 8 / 255), x + 8 / 255).clamp(0, 1)
        state = {"adversarial": adversarial}
    else:
        schedule = None
        if kind == "sgd":
            optimizer = torch.optim.SGD(net.parameters(), 0.1, momentum=0.9, weight_decay=5e-4)
            schedule = torch.optim.lr_scheduler.MultiStepLR(optimizer, [2, 4], 0.2)
        else:
            optimizer = torch.optim.Adam(net.parameters(), 1e-3, weight_decay=1e-4)
        net.train()
        for step in range(6):
            x, y = images[step * 16:step * 16 + 16], labels[step * 16:step * 16 + 16]
            optimizer.zero_grad()
            loss = F.cross_entropy(net(x), y)
            loss.backward()
            optimizer.step()
            if schedule:
                schedule.step()
            losses.append(loss)
        state = net.state_dict()
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"losses": encode(torch.stack(losses)), "state": {name: encode(t) for name, t in state.items()}}, file)


main(*sys.argv[1:3])
