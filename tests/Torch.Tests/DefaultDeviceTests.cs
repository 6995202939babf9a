using KdRobust.Support;
using static TorchSharp.torch;

namespace KdRobust.Torch.Tests;

/// <summary>Where tensors are made when nobody says where, and on which device these tests compute.</summary>
public sealed class DefaultDeviceTests
{
    [DeviceFact]
    public void Tests_compute_on_the_device_that_was_asked_for()
    {
        using var scope = NewDisposeScope();
        (ones([2]) + 1).device_type.ToString().ShouldBe(TestDevice.Name, StringCompareShould.IgnoreCase);
        new Generator().device.type.ShouldBe(ones([1]).device_type);
        nn.Linear(2, 3).parameters().Select(parameter => parameter.device_type).Distinct().ShouldBe([ones([1]).device_type]);
        tensor(new[] { 1f, 2f }).device_type.ShouldBe(ones([1]).device_type);
    }

    [DeviceFact]
    public void A_region_ends_and_regions_nest()
    {
        using var scope = NewDisposeScope();
        using (DefaultDevice.Use(CPU))
        {
            using (DefaultDevice.None())
            {
                foreach (Func<Tensor> made in new Func<Tensor>[] { () => ones([2]), () => tensor(1f), () => from_array(new[] { 1L }), () => rand([2]), () => arange(3) })
                    Should.Throw<InvalidOperationException>(made).Message.ShouldContain("device");
                Should.Throw<InvalidOperationException>(() => new Generator());
                ones([2], device: CPU).device_type.ShouldBe(TorchSharp.DeviceType.CPU);
                zeros_like(ones([2], device: CPU)).device_type.ShouldBe(TorchSharp.DeviceType.CPU);
            }
            ones([2]).device_type.ShouldBe(TorchSharp.DeviceType.CPU);
        }
        ones([2]).device_type.ShouldBe(DefaultDevice.OfProcess.type);
    }

    [DeviceFact]
    public void Another_thread_has_the_default_of_the_process()
    {
        using var none = DefaultDevice.None();
        TorchSharp.DeviceType? made = null;
        var other = new Thread(() =>
        {
            using var tensor = ones([2]);
            made = tensor.device_type;
        });
        other.Start();
        other.Join();
        made.ShouldBe(DefaultDevice.OfProcess.type);
    }

    [DeviceTheory]
    [InlineData("")]
    [InlineData("cpu")]
    [InlineData("cuda")]
    public void KDR_DEVICE_names_a_device(string value) => TestDevice.Parse(value).ShouldBe(value.Length == 0 ? "cpu" : value);

    [DeviceTheory]
    [InlineData("gpu")]
    [InlineData("CUDA")]
    [InlineData("cuda:1")]
    public void A_device_that_KDR_DEVICE_cannot_name_is_refused_with_what_it_can(string value) =>
        Should.Throw<InvalidOperationException>(() => TestDevice.Parse(value)).Message.ShouldBe($"KDR_DEVICE is '{value}': expected cpu or cuda, or leave it unset for cpu");

    [DeviceFact]
    public void Every_test_here_knows_the_device() => DeviceTests.Unaware(typeof(DefaultDeviceTests).Assembly).ShouldBeEmpty();
}
