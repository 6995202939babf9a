namespace TorchSharp;

public static partial class torch
{
    public static partial class optim
    {
        public static partial class lr_scheduler
        {
            /// <summary>Multiplies the rate by <paramref name="gamma"/> every <paramref name="step_size"/> epochs.</summary>
            public static LRScheduler StepLR(Optimizer optimizer, int step_size, double gamma = 0.1, int last_epoch = -1, bool verbose = false) =>
                new impl.StepLR(optimizer, step_size, gamma, last_epoch, verbose);

            /// <summary>Multiplies the rate by <paramref name="gamma"/> at each of the epochs given; one given twice counts twice.</summary>
            public static LRScheduler MultiStepLR(Optimizer optimizer, IList<int> milestones, double gamma = 0.1, int last_epoch = -1, bool verbose = false) =>
                new impl.MultiStepLR(optimizer, milestones, gamma, last_epoch, verbose);

            /// <summary>The initial rate times a function of the epoch.</summary>
            public static LRScheduler LambdaLR(Optimizer optimizer, Func<int, double> lr_lambda, int last_epoch = -1, bool verbose = false) =>
                new impl.LambdaLR(optimizer, lr_lambda, last_epoch, verbose);

            /// <summary>A half cosine from the initial rate down to <paramref name="eta_min"/> in <paramref name="T_max"/> epochs.</summary>
            public static LRScheduler CosineAnnealingLR(Optimizer optimizer, double T_max, double eta_min = 0, int last_epoch = -1, bool verbose = false) =>
                new impl.CosineAnnealingLR(optimizer, T_max, eta_min, last_epoch, verbose);

            public static partial class impl
            {
                /// <summary>A factor every so many epochs.</summary>
                public sealed class StepLR : LRScheduler
                {
                    private readonly int _step_size;
                    private readonly double _gamma;

                    /// <summary>Starts the schedule.</summary>
                    public StepLR(Optimizer optimizer, int step_size, double gamma = 0.1, int last_epoch = -1, bool verbose = false)
                        : base(optimizer, last_epoch, verbose)
                    {
                        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(step_size);
                        _step_size = step_size;
                        _gamma = gamma;
                        step();
                    }

                    /// <inheritdoc/>
                    protected override IEnumerable<double> get_lr() => LastEpoch == 0 || LastEpoch % _step_size != 0
                        ? Groups.Select(group => group.LearningRate)
                        : Groups.Select(group => group.LearningRate * _gamma);
                }

                /// <summary>A factor at given epochs.</summary>
                public sealed class MultiStepLR : LRScheduler
                {
                    private readonly Dictionary<int, int> _milestones;
                    private readonly double _gamma;

                    /// <summary>Starts the schedule.</summary>
                    public MultiStepLR(Optimizer optimizer, IList<int> milestones, double gamma = 0.1, int last_epoch = -1, bool verbose = false)
                        : base(optimizer, last_epoch, verbose)
                    {
                        ArgumentNullException.ThrowIfNull(milestones);
                        _milestones = milestones.CountBy(milestone => milestone).ToDictionary();
                        _gamma = gamma;
                        step();
                    }

                    /// <inheritdoc/>
                    protected override IEnumerable<double> get_lr() => _milestones.TryGetValue(LastEpoch, out var times)
                        ? Groups.Select(group => group.LearningRate * Math.Pow(_gamma, times))
                        : Groups.Select(group => group.LearningRate);
                }

                /// <summary>The initial rate times a function.</summary>
                public sealed class LambdaLR : LRScheduler
                {
                    private readonly Func<int, double>[] _lr_lambdas;

                    /// <summary>Starts the schedule with one function for all groups.</summary>
                    public LambdaLR(Optimizer optimizer, Func<int, double> lr_lambda, int last_epoch = -1, bool verbose = false)
                        : base(optimizer, last_epoch, verbose)
                    {
                        ArgumentNullException.ThrowIfNull(lr_lambda);
                        _lr_lambdas = [.. Enumerable.Repeat(lr_lambda, Groups.Count)];
                        step();
                    }

                    /// <summary>Starts the schedule with one function a group.</summary>
                    public LambdaLR(Optimizer optimizer, IEnumerable<Func<int, double>> lr_lambdas, int last_epoch = -1, bool verbose = false)
                        : base(optimizer, last_epoch, verbose)
                    {
                        ArgumentNullException.ThrowIfNull(lr_lambdas);
                        _lr_lambdas = [.. lr_lambdas];
                        if (_lr_lambdas.Length != Groups.Count)
                            throw new ArgumentException($"LambdaLR: expected {Groups.Count} functions, one a group, got {_lr_lambdas.Length}.", nameof(lr_lambdas));
                        step();
                    }

                    /// <inheritdoc/>
                    protected override IEnumerable<double> get_lr() => BaseRates.Select((rate, i) => rate * _lr_lambdas[i](LastEpoch));
                }

                /// <summary>A half cosine.</summary>
                public sealed class CosineAnnealingLR : LRScheduler
                {
                    private readonly double _T_max, _eta_min;

                    /// <summary>Starts the schedule.</summary>
                    public CosineAnnealingLR(Optimizer optimizer, double T_max, double eta_min = 0, int last_epoch = -1, bool verbose = false)
                        : base(optimizer, last_epoch, verbose)
                    {
                        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(T_max);
                        _T_max = T_max;
                        _eta_min = eta_min;
                        step();
                    }

                    /// <inheritdoc/>
                    protected override IEnumerable<double> get_lr()
                    {
                        if (LastEpoch == 0)
                            return Groups.Select(group => group.LearningRate);
                        if (StepCount == 1)
                            return BaseRates.Select(rate => _eta_min + (rate - _eta_min) * (1 + Math.Cos(LastEpoch * Math.PI / _T_max)) / 2);
                        // The recursion divides by zero where the cosine touches bottom: one step beyond it starts over.
                        if ((LastEpoch - 1 - _T_max) % (2 * _T_max) == 0)
                            return Groups.Select((group, i) => group.LearningRate + (BaseRates[i] - _eta_min) * (1 - Math.Cos(Math.PI / _T_max)) / 2);
                        return Groups.Select(group =>
                            (1 + Math.Cos(Math.PI * LastEpoch / _T_max)) / (1 + Math.Cos(Math.PI * (LastEpoch - 1) / _T_max)) * (group.LearningRate - _eta_min) + _eta_min);
                    }
                }
            }
        }
    }
}
