namespace TorchSharp;

public static partial class torch
{
    public static partial class optim
    {
        public static partial class lr_scheduler
        {
            /// <summary>
            /// One cycle (Smith and Topin, arXiv 1708.07120): the rate rises from max_lr / div_factor to max_lr and falls far
            /// below its start, while the momentum moves the other way. Call step after every batch.
            /// </summary>
            /// <param name="optimizer">An optimizer with momentum or betas when <paramref name="cycle_momentum"/>.</param>
            /// <param name="max_lr">The highest rate of every group.</param>
            /// <param name="total_steps">Batches in the cycle; or give the next two.</param>
            /// <param name="epochs">Epochs in the cycle.</param>
            /// <param name="steps_per_epoch">Batches in an epoch.</param>
            /// <param name="pct_start">The share of the cycle in which the rate rises, 0 to 1.</param>
            /// <param name="anneal_strategy">The shape of both slopes.</param>
            /// <param name="cycle_momentum">Whether the momentum (Adam's beta1) is cycled too.</param>
            /// <param name="base_momentum">The lowest momentum, at the highest rate.</param>
            /// <param name="max_momentum">The highest momentum, at both ends.</param>
            /// <param name="div_factor">The highest rate over the first.</param>
            /// <param name="final_div_factor">The first rate over the last.</param>
            /// <param name="three_phase">Whether the fall back to the first rate and the fall to the last are two phases.</param>
            /// <param name="last_epoch">-1 starts anew; otherwise the number of batches already done.</param>
            /// <param name="verbose">Whether changes are printed.</param>
            public static LRScheduler OneCycleLR(Optimizer optimizer, double max_lr, int total_steps = -1, int epochs = -1, int steps_per_epoch = -1, double pct_start = 0.3, impl.OneCycleLR.AnnealStrategy anneal_strategy = impl.OneCycleLR.AnnealStrategy.Cos, bool cycle_momentum = true, double base_momentum = 0.85, double max_momentum = 0.95, double div_factor = 25, double final_div_factor = 10000, bool three_phase = false, int last_epoch = -1, bool verbose = false) =>
                new impl.OneCycleLR(optimizer, max_lr, total_steps, epochs, steps_per_epoch, pct_start, anneal_strategy, cycle_momentum, base_momentum, max_momentum, div_factor, final_div_factor, three_phase, last_epoch, verbose);

            /// <summary>One cycle with a highest rate, and bounds of the momentum, for each group.</summary>
            public static LRScheduler OneCycleLR(Optimizer optimizer, IEnumerable<double> max_lr, int total_steps = -1, int epochs = -1, int steps_per_epoch = -1, double pct_start = 0.3, impl.OneCycleLR.AnnealStrategy anneal_strategy = impl.OneCycleLR.AnnealStrategy.Cos, bool cycle_momentum = true, IEnumerable<double>? base_momentum = null, IEnumerable<double>? max_momentum = null, double div_factor = 25, double final_div_factor = 10000, bool three_phase = false, int last_epoch = -1, bool verbose = false) =>
                new impl.OneCycleLR(optimizer, max_lr, total_steps, epochs, steps_per_epoch, pct_start, anneal_strategy, cycle_momentum, base_momentum, max_momentum, div_factor, final_div_factor, three_phase, last_epoch, verbose);

            public static partial class impl
            {
                /// <summary>One cycle of rate and momentum.</summary>
                public sealed class OneCycleLR : LRScheduler
                {
                    private readonly int _totalSteps;
                    private readonly Phase[] _phases;
                    private readonly AnnealStrategy _strategy;
                    private readonly bool _cycleMomentum;
                    private readonly double[] _max, _min, _lowMomentum, _highMomentum;

                    /// <summary>The shape of a slope.</summary>
                    public enum AnnealStrategy
                    {
                        /// <summary>Half a cosine.</summary>
                        Cos,

                        /// <summary>A straight line.</summary>
                        Linear,
                    }

                    private enum Rate
                    {
                        Initial,
                        Max,
                        Min,
                    }

                    // Bounds are fractions of a step, as in PyTorch: 0.3 of 1000 steps ends at 299.
                    private readonly record struct Phase(double EndStep, Rate From, Rate To, bool FromHighMomentum, bool ToHighMomentum);

                    /// <summary>Starts the schedule with one highest rate for all groups.</summary>
                    public OneCycleLR(Optimizer optimizer, double max_lr, int total_steps = -1, int epochs = -1, int steps_per_epoch = -1, double pct_start = 0.3, AnnealStrategy anneal_strategy = AnnealStrategy.Cos, bool cycle_momentum = true, double base_momentum = 0.85, double max_momentum = 0.95, double div_factor = 25, double final_div_factor = 1e4, bool three_phase = false, int last_epoch = -1, bool verbose = false)
                        : this(optimizer, Each(optimizer, max_lr), total_steps, epochs, steps_per_epoch, pct_start, anneal_strategy, cycle_momentum, Each(optimizer, base_momentum), Each(optimizer, max_momentum), div_factor, final_div_factor, three_phase, last_epoch, verbose)
                    {
                    }

                    /// <summary>Starts the schedule with one highest rate a group.</summary>
                    public OneCycleLR(Optimizer optimizer, IEnumerable<double> max_lr, int total_steps = -1, int epochs = -1, int steps_per_epoch = -1, double pct_start = 0.3, AnnealStrategy anneal_strategy = AnnealStrategy.Cos, bool cycle_momentum = true, IEnumerable<double>? base_momentum = null, IEnumerable<double>? max_momentum = null, double div_factor = 25, double final_div_factor = 1e4, bool three_phase = false, int last_epoch = -1, bool verbose = false)
                        : base(optimizer, last_epoch, verbose)
                    {
                        ArgumentNullException.ThrowIfNull(max_lr);
                        if (total_steps == -1 && (epochs == -1 || steps_per_epoch == -1))
                            throw new ArgumentException("OneCycleLR: give total_steps, or epochs and steps_per_epoch.", nameof(total_steps));
                        var steps = total_steps != -1 ? total_steps : (long)epochs * steps_per_epoch;
                        if (steps is <= 0 or > int.MaxValue)
                            throw new ArgumentException($"OneCycleLR: the cycle must have at least one step, got total_steps {total_steps}, epochs {epochs}, steps_per_epoch {steps_per_epoch}.", nameof(total_steps));
                        if (pct_start is not (>= 0 and <= 1))
                            throw new ArgumentOutOfRangeException(nameof(pct_start), pct_start, "OneCycleLR: pct_start must lie between 0 and 1.");
                        _totalSteps = (int)steps;
                        _strategy = anneal_strategy;
                        _cycleMomentum = cycle_momentum;
                        _phases = three_phase
                            ?
                            [
                                new(pct_start * _totalSteps - 1, Rate.Initial, Rate.Max, true, false),
                                new(2 * pct_start * _totalSteps - 2, Rate.Max, Rate.Initial, false, true),
                                new(_totalSteps - 1, Rate.Initial, Rate.Min, true, true),
                            ]
                            :
                            [
                                new(pct_start * _totalSteps - 1, Rate.Initial, Rate.Max, true, false),
                                new(_totalSteps - 1, Rate.Max, Rate.Min, false, true),
                            ];

                        _max = OnePerGroup(max_lr, nameof(max_lr));
                        _lowMomentum = OnePerGroup(base_momentum ?? Each(optimizer, 0.85), nameof(base_momentum));
                        _highMomentum = OnePerGroup(max_momentum ?? Each(optimizer, 0.95), nameof(max_momentum));
                        BaseRates = Array.ConvertAll(_max, rate => rate / div_factor);
                        _min = Array.ConvertAll(BaseRates, rate => rate / final_div_factor);
                        for (var i = 0; i < Groups.Count; i++)
                        {
                            Groups[i].InitialLearningRate = BaseRates[i];
                            if (cycle_momentum)
                                SetMomentum(Groups[i], _highMomentum[i]);
                        }
                        step();
                    }

                    /// <inheritdoc/>
                    /// <exception cref="InvalidOperationException">The cycle is over.</exception>
                    protected override IEnumerable<double> get_lr()
                    {
                        if (LastEpoch > _totalSteps)
                            throw new InvalidOperationException($"OneCycleLR: step {LastEpoch + 1} of a cycle of {_totalSteps} steps. Raise total_steps, or stop stepping.");
                        var start = 0.0;
                        var phase = _phases[0];
                        for (var i = 0; i < _phases.Length; i++)
                        {
                            phase = _phases[i];
                            if (LastEpoch <= phase.EndStep || i == _phases.Length - 1)
                                break;
                            start = phase.EndStep;
                        }
                        var share = (LastEpoch - start) / (phase.EndStep - start);

                        var rates = new double[Groups.Count];
                        for (var i = 0; i < rates.Length; i++)
                        {
                            rates[i] = Anneal(Of(phase.From, i), Of(phase.To, i), share);
                            if (_cycleMomentum)
                                SetMomentum(Groups[i], Anneal(Momentum(phase.FromHighMomentum, i), Momentum(phase.ToHighMomentum, i), share));
                        }
                        return rates;
                    }

                    private double Of(Rate rate, int group) => rate switch
                    {
                        Rate.Initial => BaseRates[group],
                        Rate.Max => _max[group],
                        _ => _min[group],
                    };

                    private double Momentum(bool high, int group) => high ? _highMomentum[group] : _lowMomentum[group];

                    private double Anneal(double start, double end, double share) => _strategy == AnnealStrategy.Cos
                        ? end + (start - end) / 2.0 * (Math.Cos(Math.PI * share) + 1)
                        : (end - start) * share + start;

                    private static void SetMomentum(ILearningRateController group, double value)
                    {
                        switch (group)
                        {
                            case IMomentum momentum:
                                momentum.Momentum = value;
                                break;
                            case IBetas betas:
                                betas.Betas = (value, betas.Betas.Item2);
                                break;
                            default:
                                throw new ArgumentException($"OneCycleLR: cycle_momentum needs an optimizer with momentum or betas, a group is {group.GetType().Name}.", nameof(group));
                        }
                    }

                    private static IEnumerable<double> Each(Optimizer optimizer, double value)
                    {
                        ArgumentNullException.ThrowIfNull(optimizer);
                        return Enumerable.Repeat(value, optimizer.ParamGroups.Count());
                    }

                    private double[] OnePerGroup(IEnumerable<double> values, string name)
                    {
                        double[] given = [.. values];
                        return given.Length == Groups.Count ? given : throw new ArgumentException($"OneCycleLR: expected {Groups.Count} values for {name}, one a group, got {given.Length}.", name);
                    }
                }
            }
        }
    }
}
