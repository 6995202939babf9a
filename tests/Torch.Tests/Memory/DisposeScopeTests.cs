using KdRobust.Support;
using static TorchSharp.torch;

namespace KdRobust.Torch.Tests.Memory;

/// <summary>A scope frees what was made in it, and nothing else.</summary>
public sealed class DisposeScopeTests
{
    readonly long before = LiveTensors.Settled();

    [DeviceFact]
    public void Frees_every_temporary()
    {
        using (var scope = NewDisposeScope())
        {
            var x = ones([2, 2]);
            _ = (x + x).mul(x).sum();
            scope.DisposablesCount.ShouldBe(4);
            (TensorStatistics.Live - before).ShouldBe(4);
        }
        TensorStatistics.Live.ShouldBe(before);
    }

    [DeviceFact]
    public void Frees_when_an_exception_passes()
    {
        Should.Throw<Exception>(() =>
        {
            using var scope = NewDisposeScope();
            ones([2, 3]).add(ones([4, 5]));
        });
        TensorStatistics.Live.ShouldBe(before);
    }

    [DeviceFact]
    public void A_survivor_moves_to_the_outer_scope()
    {
        using (var outer = NewDisposeScope())
        {
            Tensor kept;
            using (NewDisposeScope())
                kept = (ones([2]) * 3).MoveToOuterDisposeScope();
            kept.sum().item<float>().ShouldBe(6);
            outer.DisposablesCount.ShouldBe(2);
        }
        TensorStatistics.Live.ShouldBe(before);
    }

    [DeviceFact]
    public void A_survivor_of_the_outermost_scope_belongs_to_nobody()
    {
        Tensor kept;
        using (NewDisposeScope())
            kept = ones([2]).MoveToOuterDisposeScope();
        kept.sum().item<float>().ShouldBe(2);
        kept.Dispose();
    }

    [DeviceFact]
    public void A_detached_tensor_is_the_caller_s()
    {
        Tensor kept;
        using (NewDisposeScope())
        using (NewDisposeScope())
            kept = ones([2]).DetachFromDisposeScope();
        kept.IsInvalid.ShouldBeFalse();
        (TensorStatistics.Live - before).ShouldBe(1);
        kept.Dispose();
        TensorStatistics.Live.ShouldBe(before);
    }

    [DeviceFact]
    public void DisposeEverythingBut_keeps_what_is_named()
    {
        using (var scope = NewDisposeScope())
        {
            Tensor kept = ones([2]), dropped = ones([2]);
            scope.DisposeEverythingBut([kept]);
            scope.DisposablesCount.ShouldBe(1);
            kept.IsInvalid.ShouldBeFalse();
            dropped.IsInvalid.ShouldBeTrue();
        }
        TensorStatistics.Live.ShouldBe(before);
    }

    [DeviceFact]
    public void Disposing_a_tensor_takes_it_out_of_its_scope()
    {
        using (var scope = NewDisposeScope())
        {
            ones([2]).Dispose();
            scope.DisposablesCount.ShouldBe(0);
        }
        TensorStatistics.Live.ShouldBe(before);
    }

    [DeviceFact]
    public void Scope_and_thread_belong_together()
    {
        using var scope = NewDisposeScope();
        Tensor? elsewhere = null;
        var thread = new Thread(() => elsewhere = ones([2]));
        thread.Start();
        thread.Join();
        scope.DisposablesCount.ShouldBe(0);
        elsewhere!.Dispose();
    }

    [DeviceFact]
    public void A_training_step_leaves_nothing_behind()
    {
        using (NewDisposeScope())
        {
            using var layer = nn.Linear(8, 4);
            using var optimizer = optim.Adam(layer.parameters());
            Tensor x = randn([16, 8]), y = randint(0, 4, [16]);
            void Step()
            {
                using var scope = NewDisposeScope();
                optimizer.zero_grad();
                nn.functional.cross_entropy(layer.call(x), y).backward();
                optimizer.step();
            }

            Step();
            Step();
            var settled = TensorStatistics.Live;
            for (var step = 0; step < 200; step++)
                Step();
            TensorStatistics.Live.ShouldBe(settled);
        }
        LiveTensors.Settled().ShouldBe(before);
    }

    [DeviceFact]
    public void An_abandoned_tensor_is_freed_by_the_collector()
    {
        Abandon();
        LiveTensors.Settled().ShouldBeLessThan(before + 100);

        [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
        static void Abandon()
        {
            for (var i = 0; i < 1000; i++)
                ones([4]);
        }
    }
}
