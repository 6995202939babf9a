using KdRobust.Support;
using TorchSharp;

namespace KdRobust.Torch.Tests.Surface;

/// <summary>surface.txt is the contract with TorchSharp: what is promised there is there, exactly, and nothing else.</summary>
public sealed class SurfaceTests
{
    static readonly string[] Promised =
        [.. File.ReadAllLines(Repository.At("src", "Torch", "surface.txt")).Where(line => line.Length > 0 && line[0] != '#')];

    static readonly IReadOnlyList<string> Present = SurfaceListing.Of(typeof(torch).Assembly, nameof(TorchSharp));

    [DeviceFact]
    public void Every_promised_signature_is_present_exactly() => Promised.Except(Present, StringComparer.Ordinal).ShouldBeEmpty();

    [DeviceFact]
    public void Nothing_public_is_outside_the_promise() => Present.Except(Promised, StringComparer.Ordinal).ShouldBeEmpty();

    [DeviceFact]
    public void The_list_is_sorted_and_names_nothing_twice() =>
        Promised.ShouldBe(Promised.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal));

    /// <summary>What TorchSharp lacks lives in a namespace of ours, so that a build against TorchSharp finds what is missing at once.</summary>
    [DeviceFact]
    public void Every_public_type_is_TorchSharp_s_or_an_extension_of_ours() =>
        typeof(torch).Assembly.GetExportedTypes()
            .Where(type => type.Namespace is not ("TorchSharp" or "TorchSharp.Modules" or "TorchSharp.Utils" or "KdRobust.Torch"))
            .ShouldBeEmpty();

    /// <summary>The listing itself, on members whose text is known.</summary>
    [DeviceTheory]
    [InlineData("torch.Tensor: Tensor add(Tensor target, Scalar alpha)")]
    [InlineData("torch.nn.functional: static Tensor batch_norm(Tensor input, Tensor running_mean, Tensor running_var, Tensor weight=null, Tensor bias=null, bool training=false, double momentum=0.1, double eps=1e-05)")]
    [InlineData("torch.nn.Module`2: abstract TResult forward(T input)")]
    [InlineData("torch.Tensor: void Dispose(bool disposing) [protected]")]
    [InlineData("torch.nn.Module: IEnumerable<(string,Parameter)> named_parameters(bool recurse=true)")]
    public void The_listing_writes_signatures_as_the_contract_does(string line) => Present.ShouldContain(line);
}
