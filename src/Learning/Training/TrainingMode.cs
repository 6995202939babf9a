using KdRobust.Domain.Experiments;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace KdRobust.Learning.Training;

/// <summary>
/// The mode of a network in its training passes. Attacks and looks see it in evaluation mode and give the mode back, but for
/// the paper's quirk: its attack switched the network to evaluation mode and nothing ever switched it back.
/// </summary>
/// <param name="mode">Which.</param>
/// <param name="network">The network in training.</param>
internal sealed class TrainingMode(BatchNormMode mode, nn.Module network)
{
    /// <summary>True once an attack or a look has left the network in evaluation mode for the rest of the training.</summary>
    public bool LeftInEvaluation { get; set; }

    /// <summary>Sets the mode of the following training passes.</summary>
    public void Enter()
    {
        network.train(!LeftInEvaluation);
        // Batch norm alone: dropout goes on.
        if (mode == BatchNormMode.Evaluation)
            foreach (var norm in network.modules().OfType<BatchNorm2d>()) norm.eval();
    }

    /// <summary>Says that an attack or a look at the network has happened.</summary>
    public void AfterEvaluation()
    {
        if (mode != BatchNormMode.LeftInEvaluation || LeftInEvaluation) return;
        LeftInEvaluation = true;
        network.eval();
    }
}
