using System.Security.Cryptography;
using KdRobust.Support;

namespace KdRobust.Worker.Tests.Rows;

/// <summary>The shell half of the GPU pack, as far as it needs no GPU and no pack: what goes out comes together again.</summary>
public sealed class GpuScriptsTests : IDisposable
{
    readonly string _folder = Directory.CreateTempSubdirectory("kdr-gpu-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    string At(params string[] parts) => Path.Combine([_folder, .. parts]);

    static Task<ChildResult> Call(string script, params IEnumerable<string> words) => ChildProcess.Run("bash", [Repository.At("bench", "gpu", script), .. words]);

    void Put(string name, int bytes)
    {
        Directory.CreateDirectory(At("state", "out"));
        Directory.CreateDirectory(At("state", "rows", "out"));
        File.WriteAllBytes(At("state", "rows", "out", name), RandomNumberGenerator.GetBytes(bytes));
    }

    [Fact]
    public async Task What_is_collected_in_parts_is_joined_to_the_same_bytes()
    {
        Put("0-row-a.json", 1000);
        Put("3-best.mean.safetensors", 33 << 20);
        Put("6-best.factor.safetensors", 40 << 20);

        var first = await Call("run", "collect", At("out"), "--state", At("state"));
        first.ExitCode.ShouldBe(0, first.Text);
        first.Output.ShouldContain("1 are left");
        var second = await Call("run", "collect", At("out2"), "--state", At("state"));
        (await Call("run", "collect", At("out3"), "--state", At("state"))).Output.ShouldContain("nothing is left");

        foreach (var collected in new[] { At("out"), At("out2") })
        {
            var files = new DirectoryInfo(collected).GetFiles();
            files.Length.ShouldBeInRange(2, 8);
            files.ShouldAllBe(file => file.Length <= 16 << 20);
            files.Sum(file => file.Length).ShouldBeLessThan(64 << 20);
            var joined = await Call("join", collected, At("joined"));
            joined.ExitCode.ShouldBe(0, joined.Text);
        }
        second.ExitCode.ShouldBe(0, second.Text);
        foreach (var file in Directory.GetFiles(At("state", "rows", "out")))
            File.ReadAllBytes(At("joined", Path.GetFileName(file))).AsSpan().SequenceEqual(File.ReadAllBytes(file)).ShouldBeTrue(file);
    }

    [Fact]
    public async Task A_damaged_part_is_refused()
    {
        Put("1-x-result.json", 2000);
        (await Call("run", "collect", At("out"), "--state", At("state"))).ExitCode.ShouldBe(0);
        var part = Directory.GetFiles(At("out"), "*.part00").Single();
        var bytes = File.ReadAllBytes(part);
        bytes[700] ^= 1;
        File.WriteAllBytes(part, bytes);

        var joined = await Call("join", At("out"), At("joined"));

        joined.ExitCode.ShouldBe(1);
        joined.Error.ShouldContain("missing or damaged");
    }

    [Fact]
    public async Task A_changed_file_is_collected_again_and_an_old_resume_point_goes()
    {
        var fingerprint = new string('a', 64);
        Put($"4-{fingerprint}-resume.model.safetensors", 100);
        Put($"4-{fingerprint}-resume.best.safetensors", 100);
        (await Call("run", "collect", At("out"), "--state", At("state"))).ExitCode.ShouldBe(0);
        (await Call("join", At("out"), At("joined"))).ExitCode.ShouldBe(0);
        Directory.Delete(At("state", "rows", "out"), recursive: true);
        Put($"1-{fingerprint}-result.json", 100);
        (await Call("run", "collect", At("later"), "--state", At("state"))).ExitCode.ShouldBe(0);

        (await Call("join", At("later"), At("joined"))).ExitCode.ShouldBe(0);

        Directory.GetFiles(At("joined"), "4-*").ShouldBeEmpty();
        File.Exists(At("joined", $"1-{fingerprint}-result.json")).ShouldBeTrue();
    }

    [Fact]
    public async Task Wrong_words_are_answered_with_the_right_ones()
    {
        (await Call("run", "start", "--device", "gpu")).Error.ShouldContain("expected cuda or cpu");
        (await Call("run", "start", "--seconds", "0")).Error.ShouldContain("expected a whole number above 0");
        (await Call("run", "start", "--state", At("state"))).Error.ShouldContain("bench/gpu/pack makes");
        (await Call("run", "collect", "--state", At("state"))).Error.ShouldContain("needs a folder");
        (await Call("run", "begin", "--state", At("state"))).ExitCode.ShouldBe(2);
        (await Call("pack", "--cifar", At("nowhere"))).Error.ShouldContain("there is no such folder");
        (await Call("pack", "--cifer", "x")).Error.ShouldContain("there are --out, --cifar");
        (await Call("join", At("state"), At("joined"))).ExitCode.ShouldBe(1);
    }
}
