using System.Runtime.InteropServices;
using KdRobust.Support;
using TorchSharp;
using static TorchSharp.torch;

namespace KdRobust.Torch.Tests;

/// <summary>What a mistake is answered with: the operation, the shapes, and what was wrong.</summary>
public sealed class ErrorTests
{
    [DeviceFact]
    public void A_shape_error_names_the_operation_and_the_shapes()
    {
        using var scope = NewDisposeScope();
        Tensor a = ones([2, 3]), b = ones([4, 5]);
        var error = Should.Throw<ExternalException>(() => a.add(b));
        error.Message.ShouldContain("add");
        error.Message.ShouldContain("[2, 3]");
        error.Message.ShouldContain("[4, 5]");
    }

    [DeviceTheory]
    [InlineData("matmul")]
    [InlineData("conv2d")]
    [InlineData("view")]
    [InlineData("cat")]
    [InlineData("batch_norm")]
    [InlineData("copy_")]
    public void Each_operation_signs_its_errors(string operation) => Signs(operation);

    [DeviceTheory(CpuOnly = "a position that is not there ends every later computation of the process on a GPU")]
    [InlineData("index_select")]
    [InlineData("cross_entropy")]
    [InlineData("gather")]
    public void Each_operation_signs_its_errors_about_positions(string operation) => Signs(operation);

    static void Signs(string operation)
    {
        using var scope = NewDisposeScope();
        Tensor a = ones([2, 3]), image = ones([1, 3, 4, 4]);
        Action make = operation switch
        {
            "matmul" => () => a.matmul(a),
            "conv2d" => () => nn.functional.conv2d(image, ones([4, 2, 3, 3])),
            "view" => () => a.view(4, 2),
            "cat" => () => cat([a, ones([2, 4])], 0),
            "index_select" => () => a.index_select(0, tensor(new long[] { 7 })),
            "cross_entropy" => () => nn.functional.cross_entropy(a, tensor(new long[] { 0, 5 })),
            "batch_norm" => () => nn.functional.batch_norm(image, ones([2]), ones([2]), training: true),
            "gather" => () => a.gather(1, tensor(new long[] { 9 }, [1, 1])),
            "copy_" => () => a.copy_(ones([5])),
            _ => throw new ArgumentOutOfRangeException(nameof(operation), operation, "no such case"),
        };
        var error = Should.Throw<ExternalException>(make);
        error.Message.ShouldContain(operation);
        error.Message.ShouldNotContain("frame #", Case.Sensitive, "the C++ stack is not for the reader");
        error.Message.Split('\n').Length.ShouldBeLessThan(4, error.Message);
    }

    [DeviceFact]
    public void A_failure_leaves_nothing_behind_for_the_next_call()
    {
        using var scope = NewDisposeScope();
        Should.Throw<ExternalException>(() => ones([2]).add(ones([3])));
        ones([2]).add(ones([2])).sum().item<float>().ShouldBe(4);
        Should.Throw<ExternalException>(() => ones([2]).view(5)).Message.ShouldNotContain("add(");
    }

    [DeviceFact]
    public void A_disposed_tensor_says_so()
    {
        using var scope = NewDisposeScope();
        Tensor gone = ones([2]), alive = ones([2]);
        gone.Dispose();
        gone.IsInvalid.ShouldBeTrue();
        Should.Throw<ObjectDisposedException>(() => gone.add(alive));
        Should.Throw<ObjectDisposedException>(() => alive.add(gone));
        Should.Throw<ObjectDisposedException>(() => gone.shape);
        Should.Throw<ObjectDisposedException>(() => cat([alive, gone]));
        gone.Dispose(); // A second time is harmless.
    }

    [DeviceFact]
    public void A_tensor_used_after_its_scope_says_so()
    {
        Tensor escaped;
        using (NewDisposeScope())
            escaped = ones([2]);
        Should.Throw<ObjectDisposedException>(() => escaped.item<float>());
    }

    [DeviceFact]
    public void An_element_of_the_wrong_type_is_refused()
    {
        using var scope = NewDisposeScope();
        Should.Throw<Exception>(() => ones([2, 2]).item<float>()).Message.ShouldContain("[2, 2]");
        Should.Throw<Exception>(() => ones([2]).data<long>()).Message.ShouldContain("Float32");
    }

    [DeviceFact]
    public void An_integer_tensor_keeps_its_type_against_a_double_in_place()
    {
        using var scope = NewDisposeScope();
        var count = zeros([1], ScalarType.Int64);
        count.add_((Scalar)1);
        count.item<long>().ShouldBe(1);
        Should.Throw<ExternalException>(() => count.add_((Scalar)0.5)).Message.ShouldContain("add_");
        count.item<long>().ShouldBe(1);
    }

    [DeviceFact]
    public void Backward_twice_says_what_is_missing()
    {
        using var scope = NewDisposeScope();
        var y = ones([2]).requires_grad_().exp().sum();
        y.backward();
        Should.Throw<ExternalException>(() => y.backward()).Message.ShouldContain("backward");
    }

    [DeviceFact]
    public void A_leaf_changed_in_place_is_refused()
    {
        using var scope = NewDisposeScope();
        var leaf = ones([2]).requires_grad_();
        Should.Throw<ExternalException>(() => leaf.add_((Scalar)1)).Message.ShouldContain("leaf");
    }

    [DeviceFact]
    public void An_unknown_device_is_named()
    {
        Should.Throw<Exception>(() => device("warp:1")).Message.ShouldContain("warp");
    }

    [DeviceFact]
    public void A_device_that_is_not_there_is_named()
    {
        if (cuda.is_available())
            return; // Elsewhere this would succeed; the GPU tests cover it.
        using var scope = NewDisposeScope();
        Should.Throw<ExternalException>(() => zeros([2], device: device("cuda:0"))).Message.ShouldContain("CUDA");
        Should.Throw<ExternalException>(() => ones([2]).to(device("cuda:0"))).Message.ShouldContain("CUDA");
    }

    [KdRobust.Support.CudaFact]
    public void Tensors_on_two_devices_are_refused()
    {
        using var scope = NewDisposeScope();
        var error = Should.Throw<ExternalException>(() => ones([2], device: CPU).add(ones([2], device: CUDA)));
        error.Message.ShouldContain("add");
        error.Message.ShouldContain("cuda");
    }
}
