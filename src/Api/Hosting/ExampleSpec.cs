namespace KdRobust.Api.Hosting;

/// <summary>The spec that the interface's description shows: one model, one view, one number. It is valid, and runs in a minute.</summary>
static class ExampleSpec
{
    public const string Text =
        """
        {
          "name": "example",
          "title": "Clean accuracy of a small network on synthetic images",
          "notes": [],
          "expected": null,
          "seed": 1,
          "dataset": { "name": "synthetic", "trainImages": 500, "testImages": 200 },
          "compute": { "device": "cpu", "threads": 1, "precision": "float32" },
          "models": {
            "net": {
              "architecture": { "kind": "wide-resnet", "depth": 10, "width": 1, "dropout": 0, "normalize": { "mean": [0.491, 0.482, 0.447], "std": [0.247, 0.243, 0.262] } },
              "noise": { "kind": "none" },
              "weights": {
                "kind": "train", "epochs": 4, "batchSize": 50, "microBatch": 50, "augmentation": { "cropPadding": 4, "flip": true }, "inputNoise": null, "batchNorm": "training",
                "optimizer": { "kind": "adam", "learningRate": 0.01, "weightDecay": 0.0001, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8 },
                "schedule": { "kind": "constant" }, "warmup": null, "clipNorm": null, "average": null, "adversarial": null, "distillation": null, "monitor": null, "selection": null
              }
            }
          },
          "views": { "net": { "model": "net", "checkpoint": "last", "weightNoise": true, "inputNoise": null, "aggregation": "votes", "draws": 1, "sharing": "shared", "earlyStop": false } },
          "evaluations": { "clean": { "view": "net", "images": 200 } },
          "transfers": {},
          "tables": [],
          "figures": [],
          "comparisons": []
        }
        """;
}
