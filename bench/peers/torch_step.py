"""The peer of bench/Torch.Bench: the same wide residual network in PyTorch, driven line by line.

Started as `python3 torch_step.py FOLDER THREADS`. FOLDER/<net>.dat holds the initial state and FOLDER/data.dat the images
and labels, both in TorchSharp's state format, so that both sides compute on the same numbers. Each line on stdin is a JSON
object, each answer one line on stdout:
  {"net": "WRN-10-1", "what": "train" | "pgd", "steps": n}
  -> {"cpu_ms": CPU milliseconds of this process a step, "wall_ms": ..., "values": [loss of each step]}
A train step is zero_grad, forward, backward, SGD (Nesterov, weight decay); a pgd step is a whole PGD-10 attack on one batch
in evaluation mode that differentiates with respect to the input only. It ends at the end of stdin.
"""
import json
import struct
import sys
import time

import torch
import torch.nn as nn
import torch.nn.functional as F


class BasicBlock(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.bn1 = nn.BatchNorm2d(inputs)
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, stride=1, padding=1, bias=False)
        self.convShortcut = None if inputs == outputs else nn.Conv2d(inputs, outputs, 1, stride=stride, bias=False)

    def forward(self, x):
        h = F.relu(self.bn1(x))
        shortcut = x if self.convShortcut is None else self.convShortcut(h)
        h = self.conv2(F.relu(self.bn2(self.conv1(h))))
        return h + shortcut


class NetworkBlock(nn.Module):
    def __init__(self, layers, inputs, outputs, stride):
        super().__init__()
        self.layer = nn.Sequential(*[
            BasicBlock(inputs if i == 0 else outputs, outputs, stride if i == 0 else 1) for i in range(layers)])

    def forward(self, x):
        return self.layer(x)


class WideResNet(nn.Module):
    def __init__(self, depth, width, classes=10):
        super().__init__()
        layers = (depth - 4) // 6
        channels = [16, 16 * width, 32 * width, 64 * width]
        self.conv1 = nn.Conv2d(3, channels[0], 3, padding=1, bias=False)
        self.block1 = NetworkBlock(layers, channels[0], channels[1], 1)
        self.block2 = NetworkBlock(layers, channels[1], channels[2], 2)
        self.block3 = NetworkBlock(layers, channels[2], channels[3], 2)
        self.bn1 = nn.BatchNorm2d(channels[3])
        self.fc = nn.Linear(channels[3], classes)

    def forward(self, x):
        x = self.block3(self.block2(self.block1(self.conv1(x))))
        x = F.relu(self.bn1(x))
        x = F.avg_pool2d(x, 8)
        return self.fc(x.flatten(1))


def read_state(path):
    """A state file in TorchSharp's format: LEB128 counts; per entry name, type, sizes, bytes."""
    types = {4: ("<q", torch.int64), 6: ("<f", torch.float32)}
    with open(path, "rb") as file:
        def count():
            value = shift = 0
            while True:
                byte = file.read(1)[0]
                value |= (byte & 0x7F) << shift
                shift += 7
                if byte < 0x80:
                    return value

        state = {}
        for _ in range(count()):
            name = file.read(count()).decode()
            code, dtype = types[count()]
            shape = [count() for _ in range(count())]
            numel = 1
            for size in shape:
                numel *= size
            state[name] = torch.frombuffer(bytearray(file.read(numel * struct.calcsize(code))), dtype=dtype).reshape(shape)
        return state


def train_step(work):
    optimizer = work["optimizer"]
    optimizer.zero_grad(set_to_none=True)
    loss = F.cross_entropy(work["train"](work["x"]), work["y"])
    loss.backward()
    optimizer.step()
    return loss.item()


def pgd_step(work):
    network, x, y = work["eval"], work["x"], work["y"]
    lower, upper = torch.clamp(x - 8 / 255, min=0), torch.clamp(x + 8 / 255, max=1)
    adversarial = x
    for _ in range(10):
        adversarial = adversarial.detach().requires_grad_()
        loss = F.cross_entropy(network(adversarial), y)
        gradient, = torch.autograd.grad(loss, [adversarial])
        with torch.no_grad():
            adversarial = torch.minimum(torch.maximum(adversarial + gradient.sign() * (2 / 255), lower), upper)
    return loss.item()


def main():
    folder, threads = sys.argv[1], int(sys.argv[2])
    torch.set_num_threads(threads)
    data = read_state(f"{folder}/data.dat")
    works = {}

    def work_of(net):
        if net not in works:
            _, depth, width = net.split("-")
            work = {"x": data["x"], "y": data["y"]}
            for mode in ("train", "eval"):
                network = WideResNet(int(depth), int(width))
                network.load_state_dict(read_state(f"{folder}/{net}.dat"))
                work[mode] = network.train(mode == "train")
            work["optimizer"] = torch.optim.SGD(work["train"].parameters(), lr=1e-3, momentum=0.9, weight_decay=5e-4, nesterov=True)
            works[net] = work
        return works[net]

    print(json.dumps({"torch": torch.__version__, "python": sys.version.split()[0]}), flush=True)
    for line in sys.stdin:
        order = json.loads(line)
        work = work_of(order["net"])
        step = {"train": train_step, "pgd": pgd_step}[order["what"]]
        cpu, wall = time.process_time(), time.perf_counter()
        values = [step(work) for _ in range(order["steps"])]
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        print(json.dumps({"cpu_ms": 1e3 * cpu / order["steps"], "wall_ms": 1e3 * wall / order["steps"], "values": values}), flush=True)


main()
