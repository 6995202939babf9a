using TorchSharp.Modules;

namespace TorchSharp;

public static partial class torch
{
    public static partial class optim
    {
        /// <summary>Schedules of the learning rate: PyTorch's formulas, evaluated in the same order.</summary>
        public static partial class lr_scheduler
        {
            /// <summary>Sets the learning rate of every group at each call of <see cref="step()"/>.</summary>
            public abstract class LRScheduler
            {
                private readonly ILearningRateController[] _groups;
                private readonly bool _verbose;

                /// <summary>Takes over the groups of an optimizer.</summary>
                /// <param name="optimizer">Its groups are fixed from now on.</param>
                /// <param name="last_epoch">-1 starts anew; otherwise the number of steps already taken.</param>
                /// <param name="verbose">Whether changes are printed.</param>
                protected LRScheduler(Optimizer optimizer, int last_epoch = -1, bool verbose = false)
                {
                    ArgumentNullException.ThrowIfNull(optimizer);
                    ArgumentOutOfRangeException.ThrowIfLessThan(last_epoch, -1);
                    _groups = [.. optimizer.ParamGroups];
                    _verbose = verbose;
                    LastEpoch = last_epoch;
                    foreach (var group in _groups)
                    {
                        if (group is ParamGroup { Options: { Scheduled: false } options })
                        {
                            options.InitialLearningRate = group.LearningRate;
                            options.Scheduled = true;
                        }
                    }
                    BaseRates = [.. _groups.Select(group => group.InitialLearningRate)];
                    LastRates = [.. _groups.Select(group => group.LearningRate)];
                }

                /// <summary>Steps taken, less one: 0 right after construction.</summary>
                internal int LastEpoch { get; set; }

                /// <summary>Calls of <see cref="step()"/> on this object, the one of the constructor included.</summary>
                internal int StepCount { get; set; }

                /// <summary>The rates the schedule starts from, one a group.</summary>
                internal double[] BaseRates { get; set; }

                /// <summary>The rates set last, one a group.</summary>
                internal double[] LastRates { get; set; }

                private protected IReadOnlyList<ILearningRateController> Groups => _groups;

                /// <summary>Advances the schedule: after every epoch, or after every batch where the schedule counts batches.</summary>
                public virtual void step()
                {
                    StepCount++;
                    LastEpoch++;
                    var rates = get_lr().ToArray();
                    for (var i = 0; i < _groups.Length; i++)
                    {
                        if (_verbose && _groups[i].LearningRate != rates[i])
                            Console.WriteLine($"Adjusting learning rate of group {i} to {rates[i]:e4}.");
                        _groups[i].LearningRate = rates[i];
                    }
                    LastRates = rates;
                }

                /// <summary>The rates set last, one a group.</summary>
                public IEnumerable<double> get_last_lr() => LastRates;

                /// <summary>The rates of this step, one a group.</summary>
                protected abstract IEnumerable<double> get_lr();
            }

            /// <summary>The schedules' classes.</summary>
            public static partial class impl
            {
            }
        }
    }
}
