"""The peer of `kdr eval` and of a trained student: clean and PGD accuracy in PyTorch, from weights that kdr exported.

    python3 pgd_accuracy.py WEIGHTS DATA --arch resnet20|resnet20-b|wrn-D-K [--mean R,G,B --std R,G,B] [--images N] [--steps K]

WEIGHTS is a .safetensors file, whose header is read here by hand, or a .pt file, read by torch.load with weights_only; no
other pickle is ever loaded. DATA is a cifar-10-batches-bin folder or one file of its records (a label byte and 3072 bytes).
Without --mean and --std pixels are used as they are.
The attack: x <- clip of x + step sign(gradient of the cross-entropy) into the Linf ball and [0,1], K times from the clean
image, evaluation mode, last iterate. Prints JSON: per cent, images, right answers of each.
"""
import argparse
import json
import os
import struct

import torch
import torch.nn as nn
import torch.nn.functional as F

DTYPES = {"F32": torch.float32, "I64": torch.int64, "U8": torch.uint8}


def read_weights(path):
    if not path.endswith(".safetensors"):
        return torch.load(path, weights_only=True)
    with open(path, "rb") as file:
        length = struct.unpack("<Q", file.read(8))[0]
        header = json.loads(file.read(length))
        data = file.read()
    header.pop("__metadata__", None)
    tensors = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        dtype = DTYPES[entry["dtype"]]
        flat = torch.frombuffer(bytearray(data[begin:end]), dtype=dtype) if end > begin else torch.empty(0, dtype=dtype)
        tensors[name] = flat.reshape(entry["shape"])
    return tensors


class Block(nn.Module):
    """Post-activation; where the width doubles, the shortcut takes every second pixel and pads channels, or projects."""

    def __init__(self, inputs, outputs, projection):
        super().__init__()
        stride = 1 if inputs == outputs else 2
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.pad = (outputs - inputs) // 2
        if stride == 2 and projection:
            self.downsample = nn.Sequential(nn.Conv2d(inputs, outputs, 1, 2, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x):
        out = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        if hasattr(self, "downsample"):
            x = self.downsample(x)
        elif self.pad:
            x = F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, self.pad, self.pad))
        return F.relu(out + x)


class Normalized(nn.Module):
    """Normalises pixels in [0,1] by channel, where there is something to normalise by."""

    def __init__(self, mean, std):
        super().__init__()
        self.mean = torch.tensor(mean or [0.0] * 3).view(1, 3, 1, 1)
        self.std = torch.tensor(std or [1.0] * 3).view(1, 3, 1, 1)

    def pixels(self, x):
        return (x - self.mean) / self.std


class ResNet20(Normalized):
    def __init__(self, projection, mean, std):
        super().__init__(mean, std)
        self.conv1 = nn.Conv2d(3, 16, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(16)
        for stage, (inputs, outputs) in enumerate([(16, 16), (16, 32), (32, 64)], 1):
            blocks = [Block(inputs, outputs, projection), Block(outputs, outputs, projection), Block(outputs, outputs, projection)]
            setattr(self, f"layer{stage}", nn.Sequential(*blocks))
        setattr(self, "fc" if projection else "linear", nn.Linear(64, 10))

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(self.pixels(x))))
        x = self.layer3(self.layer2(self.layer1(x))).mean(dim=(2, 3))
        return (self.fc if hasattr(self, "fc") else self.linear)(x)


class WideBlock(nn.Module):
    """Pre-activation; where the width changes, the shortcut is a 1x1 convolution of the activated input."""

    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.bn1 = nn.BatchNorm2d(inputs)
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        if inputs != outputs:
            self.convShortcut = nn.Conv2d(inputs, outputs, 1, stride, bias=False)

    def forward(self, x):
        y = F.relu(self.bn1(x))
        x = self.convShortcut(y) if hasattr(self, "convShortcut") else x
        return self.conv2(F.relu(self.bn2(self.conv1(y)))) + x


class WideGroup(nn.Module):
    def __init__(self, blocks, inputs, outputs, stride):
        super().__init__()
        self.layer = nn.Sequential(*[WideBlock(inputs if i == 0 else outputs, outputs, stride if i == 0 else 1) for i in range(blocks)])

    def forward(self, x):
        return self.layer(x)


class WideResNet(Normalized):
    def __init__(self, depth, width, mean, std):
        super().__init__(mean, std)
        blocks = (depth - 4) // 6
        self.conv1 = nn.Conv2d(3, 16, 3, 1, 1, bias=False)
        self.block1 = WideGroup(blocks, 16, 16 * width, 1)
        self.block2 = WideGroup(blocks, 16 * width, 32 * width, 2)
        self.block3 = WideGroup(blocks, 32 * width, 64 * width, 2)
        self.bn1 = nn.BatchNorm2d(64 * width)
        self.fc = nn.Linear(64 * width, 10)

    def forward(self, x):
        x = self.block3(self.block2(self.block1(self.conv1(self.pixels(x)))))
        return self.fc(F.relu(self.bn1(x)).mean(dim=(2, 3)))


def network(arch, mean, std):
    if arch.startswith("wrn-"):
        _, depth, width = arch.split("-")
        return WideResNet(int(depth), int(width), mean, std)
    return ResNet20({"resnet20": False, "resnet20-b": True}[arch], mean, std)


def pgd(model, x, y, epsilon, step, steps):
    at = x.clone()
    for _ in range(steps):
        at.requires_grad_(True)
        gradient, = torch.autograd.grad(F.cross_entropy(model(at), y), at)
        at = (at.detach() + step * gradient.sign()).clamp(x - epsilon, x + epsilon).clamp(0, 1)
    return at


def images_of(folder, count):
    with open(os.path.join(folder, "test_batch.bin") if os.path.isdir(folder) else folder, "rb") as file:
        records = torch.frombuffer(bytearray(file.read(3073 * count)), dtype=torch.uint8).view(-1, 3073)
    return records[:, 1:].reshape(-1, 3, 32, 32).float() / 255, records[:, 0].long()


def main():
    channels = lambda text: [float(part) for part in text.split(",")]
    size = lambda text: float(text.split("/")[0]) / float(text.split("/")[1]) if "/" in text else float(text)
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("weights")
    parser.add_argument("data")
    parser.add_argument("--arch", required=True)
    parser.add_argument("--mean", type=channels)
    parser.add_argument("--std", type=channels)
    parser.add_argument("--images", type=int, default=10000)
    parser.add_argument("--steps", type=int, default=10, help="0: clean images alone")
    parser.add_argument("--eps", type=size, default=8 / 255)
    parser.add_argument("--step", type=size, default=.006)
    parser.add_argument("--batch", type=int, default=250)
    asked = parser.parse_args()

    model = network(asked.arch, asked.mean, asked.std)
    model.load_state_dict(read_weights(asked.weights))
    model.eval()
    for parameter in model.parameters():
        parameter.requires_grad_(False)
    images, labels = images_of(asked.data, asked.images)
    right = {"clean": 0, "pgd": 0}
    for x, y in zip(images.split(asked.batch), labels.split(asked.batch)):
        with torch.no_grad():
            right["clean"] += (model(x).argmax(1) == y).sum().item()
        if asked.steps:
            perturbed = pgd(model, x, y, asked.eps, asked.step, asked.steps)
            with torch.no_grad():
                right["pgd"] += (model(perturbed).argmax(1) == y).sum().item()
    shown = right if asked.steps else {"clean": right["clean"]}
    print(json.dumps({name: {"accuracy": 100 * count / len(labels), "images": len(labels), "correct": count} for name, count in shown.items()}))


if __name__ == "__main__":
    main()
