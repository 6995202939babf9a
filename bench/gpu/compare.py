"""One evaluation on two devices.

compare.py spec FILE DEVICE [small]    prints the spec for a device
compare.py report CPU OTHER OUT        compares two reports of it, writes OUT, exits 1 when they differ by too much
"""
import json
import sys

POINTS = 0.3  # of accuracy, on 1,000 images


def spec(path, device, small):
    with open(path, encoding="utf-8") as file:
        made = json.load(file)
    made["compute"]["device"] = device
    if small:
        made["dataset"] = {"name": "cifar10-mini", "trainImages": 2000, "testImages": 100}
        for part in list(made["evaluations"].values()) + list(made["transfers"].values()):
            part["images"] = 100
    print(json.dumps(made, indent=2))


def accuracies(path):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    report = json.loads(text[text.index("{"):])
    return {result["id"]: result for result in report["records"]}


def report(cpu, other, out):
    left, right = accuracies(cpu), accuracies(other)
    if not left or left.keys() != right.keys():
        sys.exit(f"compare: {cpu} has {sorted(left)}, {other} has {sorted(right)}")
    rows = [
        {"id": name, "cpu": left[name]["accuracy"], "other": right[name]["accuracy"], "points": abs(left[name]["accuracy"] - right[name]["accuracy"])}
        for name in sorted(left)
    ]
    fits = all(row["points"] <= POINTS for row in rows)
    with open(out, "w", encoding="utf-8") as file:
        json.dump({"limitInPoints": POINTS, "fits": fits, "results": rows}, file, indent=2)
    for row in rows:
        print(f"{row['id']}: {row['cpu']:.2f} % on the CPU, {row['other']:.2f} % on the other device")
    if not fits:
        sys.exit(f"compare: more than {POINTS} points apart")


if len(sys.argv) >= 4 and sys.argv[1] == "spec":
    spec(sys.argv[2], sys.argv[3], sys.argv[4:5] == ["small"])
elif len(sys.argv) == 5 and sys.argv[1] == "report":
    report(*sys.argv[2:])
else:
    sys.exit(__doc__)
