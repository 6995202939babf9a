using KdRobust.Support;
using KdRobust.Torch;
using KdRobust.Torch.Tests.Memory;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace KdRobust.Torch.Tests.Modules;

/// <summary>Names, modes, conversion and the life of a module's tensors.</summary>
public sealed class ModuleTests
{
    [DeviceFact]
    public void Names_and_order_are_PyTorchs()
    {
        using var net = new Small();
        net.state_dict().Keys.ShouldBe(
        [
            "scale", "offset", "stem.weight", "stem.bias", "tail.0.weight", "tail.0.bias", "tail.0.running_mean", "tail.0.running_var",
            "tail.0.num_batches_tracked", "tail.1.weight",
        ]);
        net.named_parameters().Select(entry => entry.name).ShouldBe(["scale", "stem.weight", "stem.bias", "tail.0.weight", "tail.0.bias", "tail.1.weight"]);
        net.named_buffers().Select(entry => entry.name).ShouldBe(["offset", "tail.0.running_mean", "tail.0.running_var", "tail.0.num_batches_tracked"]);
        net.named_children().Select(entry => entry.name).ShouldBe(["stem", "tail"]);
        net.named_modules().Select(entry => entry.name).ShouldBe(["stem", "tail", "tail.0", "tail.1"]);
        net.state_dict(prefix: "net").Keys.First().ShouldBe("net.scale");
        net.get_parameter("tail.1.weight").ShouldBeSameAs(net.Tail.weight);
        net.get_buffer("tail.nothing").ShouldBeNull();
    }

    [DeviceFact]
    public void Apply_visits_the_innermost_first_and_itself_last()
    {
        using var net = new Small();
        var visited = new List<string>();
        net.apply(module => visited.Add(module.GetName()));
        visited.ShouldBe(["Linear", "BatchNorm2d", "Linear", "Sequential", "Small"]);
    }

    [DeviceFact]
    public void Modes_reach_every_submodule()
    {
        using var net = new Small();
        net.eval();
        net.modules().ShouldAllBe(module => !module.training);
        net.train();
        net.modules().ShouldAllBe(module => module.training);
    }

    [DeviceFact]
    public void A_module_outlives_the_scope_it_was_made_in_and_frees_all_its_tensors()
    {
        var before = LiveTensors.Settled();
        Small net;
        using (NewDisposeScope())
            net = new Small();
        net.state_dict().Values.ShouldAllBe(tensor => !tensor.IsInvalid);
        net.Dispose();
        net.Dispose();
        LiveTensors.Settled().ShouldBe(before);
    }

    [DeviceFact]
    public void Training_leaves_no_tensor_behind()
    {
        var before = LiveTensors.Settled();
        using (var scope = NewDisposeScope())
        {
            var net = Sequential(("a", Linear(4, 4)), ("relu", ReLU(inplace: true)), ("b", Identity()), ("c", Linear(4, 2)));
            var optimizer = optim.SGD(net.parameters(), 0.1, momentum: 0.9);
            var live = 0L;
            for (var step = 0; step < 5; step++)
            {
                using (NewDisposeScope())
                {
                    optimizer.zero_grad();
                    net.call(ones([3, 4])).sum().backward();
                    utils.clip_grad_norm_(net.parameters(), 1);
                    optimizer.step();
                }
                if (step == 0)
                    live = TensorStatistics.Live;
                else
                    TensorStatistics.Live.ShouldBe(live);
            }
            optimizer.Dispose();
            net.Dispose();
        }
        LiveTensors.Settled().ShouldBe(before);
    }

    [DeviceFact]
    public void Conversion_keeps_the_objects_and_the_optimizer_goes_on()
    {
        using var scope = NewDisposeScope();
        using var net = new Small();
        var weight = net.Tail.weight;
        using var optimizer = optim.SGD(net.parameters(), 1);
        net.to(ScalarType.Float64).ShouldBeSameAs(net);
        net.Tail.weight.ShouldBeSameAs(weight);
        weight.dtype.ShouldBe(ScalarType.Float64);
        net.get_buffer("tail.0.num_batches_tracked")!.dtype.ShouldBe(ScalarType.Int64);
        var before = weight.detach().clone();
        weight.sum().backward();
        optimizer.step();
        (before - weight.detach()).cpu().data<double>().ToArray().ShouldAllBe(difference => Math.Abs(difference - 1) < 1e-12);
        net.bfloat16();
        weight.dtype.ShouldBe(ScalarType.BFloat16);
        weight.grad!.dtype.ShouldBe(ScalarType.BFloat16);
    }

    [DeviceFact]
    public void Batch_normalisation_counts_and_updates_only_in_training()
    {
        using var scope = NewDisposeScope();
        using var norm = BatchNorm2d(2);
        var x = rand([4, 2, 3, 3]) + 5;
        norm.call(x);
        norm.num_batches_tracked!.item<long>().ShouldBe(1);
        norm.running_mean!.cpu().data<float>().ToArray().ShouldAllBe(mean => mean > 0.4f);
        norm.eval();
        var mean = norm.running_mean!.clone();
        norm.call(x);
        norm.num_batches_tracked!.item<long>().ShouldBe(1);
        norm.running_mean!.cpu().data<float>().ToArray().ShouldBe(mean.cpu().data<float>().ToArray());
        Should.Throw<ArgumentException>(() => norm.call(rand([4, 3, 3, 3]))).Message.ShouldContain("[4, 3, 3, 3]");
    }

    [DeviceTheory]
    [InlineData("")]
    [InlineData("a.b")]
    [InlineData("stem")]
    public void A_bad_name_is_refused(string name)
    {
        using var net = new Small();
        using var extra = Linear(1, 1);
        Should.Throw<ArgumentException>(() => net.register_module(name, extra));
    }

    [DeviceFact]
    public void Same_padding_and_reflection_keep_the_size()
    {
        using var scope = NewDisposeScope();
        using var same = Conv2d(1, 1, 5, Padding.Same, dilation: 2);
        same.call(rand([1, 1, 9, 7])).shape.ShouldBe([1L, 1, 9, 7]);
        using var reflect = Conv2d(1, 1, 3, padding: 1L, padding_mode: PaddingModes.Reflect, bias: false);
        reflect.weight.requires_grad = false;
        reflect.weight.fill_(1);
        var sums = reflect.call(arange(0, 9, 1).to(ScalarType.Float32).reshape(1, 1, 3, 3));
        sums.cpu().data<float>().ToArray()[0].ShouldBe(4 + 3 + 4 + 1 + 0 + 1 + 4 + 3 + 4);
    }

    private sealed class Small : Module<Tensor, Tensor>
    {
        private readonly Parameter scale = new(ones([3]));
        private readonly Tensor offset = zeros([3]);
        private readonly Linear stem = Linear(3, 2);
        private readonly Sequential tail = Sequential(BatchNorm2d(2), Linear(2, 2, hasBias: false));

        public Small()
            : base(nameof(Small)) => RegisterComponents();

        public Linear Tail => (Linear)tail.children().Last();

        public override Tensor forward(Tensor input) => tail.call(stem.call(input * scale + offset));
    }
}
