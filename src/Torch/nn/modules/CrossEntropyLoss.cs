using TorchSharp.Modules;

namespace TorchSharp
{
    public static partial class torch
    {
        public static partial class nn
        {
            /// <summary>Cross entropy between logits [N, C] and labels [N] or probabilities [N, C].</summary>
            /// <param name="weight">Weight of each class [C], or null; the module takes it over.</param>
            /// <param name="ignore_index">A label that does not count; null is -100.</param>
            /// <param name="reduction">How the N losses are reduced.</param>
            public static CrossEntropyLoss CrossEntropyLoss(Tensor? weight = null, long? ignore_index = null, Reduction reduction = Reduction.Mean) =>
                new(weight, ignore_index, reduction);
        }
    }
}

namespace TorchSharp.Modules
{
    /// <summary>Cross entropy of logits.</summary>
    public sealed class CrossEntropyLoss : torch.nn.Module<torch.Tensor, torch.Tensor, torch.Tensor>
    {
        private readonly torch.Tensor? _weight;
        private readonly long _ignoreIndex;
        private readonly torch.nn.Reduction _reduction;

        internal CrossEntropyLoss(torch.Tensor? weight, long? ignore_index, torch.nn.Reduction reduction)
            : base(nameof(CrossEntropyLoss))
        {
            _weight = weight;
            _ignoreIndex = ignore_index ?? -100;
            _reduction = reduction;
            register_buffer("weight", weight);
        }

        /// <summary>The loss of logits [N, C] against labels [N] (int64) or probabilities [N, C].</summary>
        public override torch.Tensor forward(torch.Tensor input1, torch.Tensor input2) =>
            torch.nn.functional.cross_entropy(input1, input2, _weight, _ignoreIndex, _reduction);
    }
}
