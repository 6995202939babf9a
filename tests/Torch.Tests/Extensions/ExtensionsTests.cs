using System.Runtime.InteropServices;
using KdRobust.Support;
using TorchSharp;
using static TorchSharp.torch;

namespace KdRobust.Torch.Tests.Extensions;

/// <summary>What TorchSharp lacks: autocast, memory formats, figures and switches of the process.</summary>
public sealed class ExtensionsTests
{
    static DeviceType Here => DefaultDevice.OfProcess.type;

    [DeviceFact(NoStandIn = "it has no autocast")]
    public void Autocast_runs_products_in_bfloat16_and_losses_in_float32()
    {
        using var scope = NewDisposeScope();
        Tensor x = randn([2, 3, 4, 4]), weight = randn([4, 3, 3, 3]), labels = tensor(new long[] { 0, 3 });
        TorchAutocast.IsEnabled(Here).ShouldBeFalse();
        using (new TorchAutocast(Here))
        {
            TorchAutocast.IsEnabled(Here).ShouldBeTrue();
            nn.functional.conv2d(x, weight).dtype.ShouldBe(ScalarType.BFloat16);
            var logits = x.flatten(1).matmul(randn([48, 4]));
            logits.dtype.ShouldBe(ScalarType.BFloat16);
            nn.functional.cross_entropy(logits, labels).dtype.ShouldBe(ScalarType.Float32);
            using (new TorchAutocast(Here, enabled: false))
                nn.functional.conv2d(x, weight).dtype.ShouldBe(ScalarType.Float32);
            nn.functional.conv2d(x, weight).dtype.ShouldBe(ScalarType.BFloat16);
        }
        TorchAutocast.IsEnabled(Here).ShouldBeFalse();
        nn.functional.conv2d(x, weight).dtype.ShouldBe(ScalarType.Float32);
    }

    [DeviceFact(NoStandIn = "it has no autocast")]
    public void Autocast_stays_near_float32_and_its_gradients_are_float32()
    {
        using var scope = NewDisposeScope();
        manual_seed(3);
        var x = randn([4, 3, 8, 8]);
        var weight = randn([8, 3, 3, 3]).requires_grad_();
        var exact = autograd.grad([nn.functional.conv2d(x, weight).pow((Scalar)2).mean()], [weight])[0];
        Tensor reduced;
        using (new TorchAutocast(Here))
            reduced = autograd.grad([nn.functional.conv2d(x, weight).to(ScalarType.Float32).pow((Scalar)2).mean()], [weight])[0];
        reduced.dtype.ShouldBe(ScalarType.Float32);
        var error = (reduced - exact).abs().max().item<float>();
        error.ShouldBeGreaterThan(0, "nothing was reduced");
        error.ShouldBeLessThan(0.02f * exact.abs().max().item<float>());
    }

    [DeviceFact]
    public void Autocast_ends_when_an_exception_passes()
    {
        using var scope = NewDisposeScope();
        Should.Throw<ExternalException>(() =>
        {
            using var reduced = new TorchAutocast(Here);
            ones([2, 3]).matmul(ones([2, 3]));
        });
        TorchAutocast.IsEnabled(Here).ShouldBeFalse();
    }

    [DeviceFact]
    public void Autocast_sees_weights_that_changed()
    {
        using var scope = NewDisposeScope();
        Tensor x = ones([1, 4]), weight = ones([2, 4]).requires_grad_();
        using (new TorchAutocast(Here))
            nn.functional.linear(x, weight).to(ScalarType.Float32).sum().item<float>().ShouldBe(8);
        using (no_grad())
            weight.mul_((Scalar)2);
        using (new TorchAutocast(Here))
            nn.functional.linear(x, weight).to(ScalarType.Float32).sum().item<float>().ShouldBe(16);
    }

    [DeviceFact]
    public void Autocast_refuses_a_type_the_device_cannot_use() =>
        Should.Throw<ArgumentException>(() => new TorchAutocast(DeviceType.CPU, ScalarType.Float16)).Message.ShouldContain("bfloat16");

    [DeviceFact]
    public void Channels_last_changes_the_order_in_memory_and_nothing_else()
    {
        using var scope = NewDisposeScope();
        var x = arange(0, 48, 1, ScalarType.Float32).view(1, 3, 4, 4);
        var last = x.to(MemoryFormat.ChannelsLast);
        last.is_contiguous(MemoryFormat.ChannelsLast).ShouldBeTrue();
        last.is_contiguous().ShouldBeFalse();
        last.shape.ShouldBe(x.shape);
        last.eq(x).all().item<bool>().ShouldBeTrue();
        last.stride().ShouldBe([48, 1, 12, 3]);
        last.contiguous(MemoryFormat.Contiguous).is_contiguous().ShouldBeTrue();
    }

    [DeviceFact]
    public void A_convolution_in_channels_last_gives_the_same_values_and_keeps_the_format()
    {
        using var scope = NewDisposeScope();
        manual_seed(4);
        Tensor x = randn([2, 8, 6, 6]), weight = randn([4, 8, 3, 3]);
        var plain = nn.functional.conv2d(x, weight, padding: [1, 1]);
        var last = nn.functional.conv2d(x.to(MemoryFormat.ChannelsLast), weight.to(MemoryFormat.ChannelsLast), padding: [1, 1]);
        last.is_contiguous(MemoryFormat.ChannelsLast).ShouldBeTrue();
        (last - plain).abs().max().item<float>().ShouldBeLessThan(1e-4f);
    }

    [DeviceFact]
    public void Channels_last_of_a_matrix_is_refused()
    {
        using var scope = NewDisposeScope();
        Should.Throw<ExternalException>(() => ones([2, 3]).to(MemoryFormat.ChannelsLast)).Message.ShouldContain("[2, 3]");
    }

    [DeviceFact]
    public void The_library_says_what_it_is()
    {
        TorchRuntime.LoadedVersion.ShouldMatch(@"^\d+\.\d+");
        TorchRuntime.BuiltVersion.Split('.')[..2].ShouldBe(TorchRuntime.LoadedVersion.Split('.')[..2]);
        File.Exists(TorchRuntime.NativeLibraryFile).ShouldBeTrue();
        TorchRuntime.BuildSummary.ShouldContain("PyTorch built with");
        TorchRuntime.Capabilities.ShouldBe(TorchCapabilities.Autocast | TorchCapabilities.ChannelsLast | TorchCapabilities.MemoryFigures | TorchCapabilities.Statistics);
    }

    [DeviceFact]
    public void Switches_can_be_set_and_read()
    {
        TorchRuntime.OneDnn.ShouldBeTrue();
        try
        {
            TorchRuntime.OneDnn = false;
            TorchRuntime.OneDnn.ShouldBeFalse();
            TorchRuntime.DeterministicAlgorithms = true;
            TorchRuntime.DeterministicAlgorithms.ShouldBeTrue();
        }
        finally
        {
            TorchRuntime.OneDnn = true;
            TorchRuntime.DeterministicAlgorithms = false;
        }
    }

    [DeviceFact]
    public void The_thread_count_can_be_set_and_read()
    {
        var before = get_num_threads();
        set_num_threads(2);
        get_num_threads().ShouldBe(2);
        set_num_threads(before);
        Should.Throw<Exception>(() => set_num_threads(0));
        get_num_threads().ShouldBe(before);
    }

    [DeviceFact]
    public void Without_a_device_its_memory_is_refused_by_name()
    {
        if (TorchRuntime.BuiltWithCuda && cuda.is_available())
            return; // The GPU tests read it.
        Should.Throw<TorchException>(() => CudaMemory.Of()).Message.ShouldContain("CUDA");
        CudaMemory.EmptyCache();
    }

    [DeviceFact]
    public void BFloat16_rounds_to_nearest_even()
    {
        ((float)(BFloat16)1.00390625f).ShouldBe(1f); // halfway between 1 and 1.0078125: to even
        ((float)(BFloat16)1.01171875f).ShouldBe(1.015625f); // halfway: to even, upwards
        ((float)(BFloat16)(-3.14159274f)).ShouldBe(-3.140625f);
        float.IsNaN((BFloat16)float.NaN).ShouldBeTrue();
        using var scope = NewDisposeScope();
        var values = randn([1000], generator: new Generator(8));
        var theirs = values.to(ScalarType.BFloat16).to(ScalarType.Float32).cpu().data<float>().ToArray();
        values.cpu().data<float>().ToArray().Select(value => (float)(BFloat16)value).ShouldBe(theirs);
    }

    [KdRobust.Support.CudaFact]
    public void A_tensor_on_the_device_shows_in_its_memory()
    {
        using var scope = NewDisposeScope();
        var before = CudaMemory.Of();
        var block = zeros([1 << 20], device: device("cuda:0"));
        (CudaMemory.Of().Allocated - before.Allocated).ShouldBeGreaterThanOrEqualTo(4 << 20);
        block.Dispose();
        CudaMemory.Of().Allocated.ShouldBe(before.Allocated);
        CudaProperties.Of().TotalMemory.ShouldBeInRange(CudaMemory.Of().Total / 10 * 9, CudaMemory.Of().Total / 10 * 11);
    }
}
