using KdRobust.Domain.Runs;
using KdRobust.Learning.Weights;
using KdRobust.Learning.Weights.Export;
using KdRobust.Support;
using static TorchSharp.torch;

namespace KdRobust.Learning.Tests.Weights;

/// <summary>Weights and resume points in parts: what keeps every digit, what is rounded, and what is refused.</summary>
public sealed class WeightPartsTests : IDisposable
{
    readonly string _folder = Directory.CreateTempSubdirectory("kdr-parts-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    string At(string name) => Path.Combine(_folder, name);

    string Written(string name, Dictionary<string, Tensor> tensors, string note = "one")
    {
        using var stream = File.Create(At(name));
        new SafetensorsWriter(tensors, new Dictionary<string, string> { ["note"] = note }).WriteTo(stream);
        return At(name);
    }

    static Dictionary<string, Tensor> Noisy() => new()
    {
        ["conv1.weight"] = rand([5, 3]),
        ["conv1.weight_noise_d"] = rand([15]),
        ["conv1.weight_noise_f"] = rand([15, 2]),
        ["bn1.num_batches_tracked"] = tensor(7L),
    };

    [DeviceFact]
    public void Means_keep_every_digit_and_noise_is_halved()
    {
        using var scope = NewDisposeScope();
        var tensors = Noisy();
        WeightParts.Split(Written("weights.safetensors", tensors), At("w")).ShouldBe(["diagonal", "factor", "mean"]);
        new FileInfo(At("w.factor.safetensors")).Length.ShouldBeLessThan(new FileInfo(At("weights.safetensors")).Length);

        WeightParts.Join(At("w"), At("joined.safetensors")).ShouldBe([]);

        using var joined = SafetensorsReader.Open(At("joined.safetensors"));
        joined.Header.Metadata.ShouldBe(new Dictionary<string, string> { ["note"] = "one" });
        foreach (var (name, tensor) in tensors)
        {
            var back = joined.Load(name);
            back.dtype.ShouldBe(tensor.dtype);
            var wanted = name.Contains("_noise_", StringComparison.Ordinal) ? tensor.to(ScalarType.Float16).to(ScalarType.Float32) : tensor;
            Networks.Same(back, wanted.cpu()).ShouldBeTrue(name);
        }
    }

    [DeviceFact]
    public void A_resume_point_keeps_its_weights_and_rounds_its_moments()
    {
        using var scope = NewDisposeScope();
        var tensors = new Dictionary<string, Tensor> { ["model/fc.weight"] = rand([9]), ["best/fc.weight"] = rand([9]), ["optimizer/fc.weight/exp_avg"] = rand([9]) };
        WeightParts.Split(Written("resume.safetensors", tensors), At("r")).ShouldBe(["best", "model", "optimizer"]);
        WeightParts.Join(At("r"), At("joined.safetensors")).ShouldBe([]);

        using var joined = SafetensorsReader.Open(At("joined.safetensors"));
        Networks.Same(joined.Load("model/fc.weight"), tensors["model/fc.weight"].cpu()).ShouldBeTrue();
        Networks.Same(joined.Load("best/fc.weight"), tensors["best/fc.weight"].cpu()).ShouldBeTrue();
        var moments = tensors["optimizer/fc.weight/exp_avg"].cpu();
        Networks.Same(joined.Load("optimizer/fc.weight/exp_avg"), moments.to(ScalarType.BFloat16).to(ScalarType.Float32)).ShouldBeTrue();
        Networks.Same(joined.Load("optimizer/fc.weight/exp_avg"), moments).ShouldBeFalse("bfloat16 has 8 bits of fraction");
    }

    [DeviceFact]
    public void What_did_not_come_along_is_named_and_nothing_is_written()
    {
        using var scope = NewDisposeScope();
        WeightParts.Join(At("w"), At("joined.safetensors")).ShouldBeNull();
        WeightParts.Split(Written("weights.safetensors", Noisy()), At("w"));
        File.Delete(At("w.factor.safetensors"));

        WeightParts.Join(At("w"), At("joined.safetensors")).ShouldBe(["factor"]);
        File.Exists(At("joined.safetensors")).ShouldBeFalse();
    }

    [DeviceFact]
    public void Parts_of_two_files_are_not_mixed()
    {
        using var scope = NewDisposeScope();
        WeightParts.Split(Written("a.safetensors", Noisy()), At("a"));
        WeightParts.Split(Written("b.safetensors", Noisy(), "another"), At("b"));
        File.Move(At("b.factor.safetensors"), At("a.factor.safetensors"), overwrite: true);

        Should.Throw<RunInputException>(() => WeightParts.Join(At("a"), At("joined.safetensors"))).Message.ShouldContain("of another file");
    }
}
