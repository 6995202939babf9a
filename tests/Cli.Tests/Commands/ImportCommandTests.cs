using System.Security.Cryptography;
using System.Text.Json.Nodes;
using KdRobust.Cli.Client;
using KdRobust.Cli.Tests.Arrange;
using KdRobust.Domain.Experiments;
using KdRobust.Persistence.Keys;
using KdRobust.Support;

namespace KdRobust.Cli.Tests.Commands;

public sealed class ImportCommandTests(RunningService service) : IClassFixture<RunningService>
{
    string NewFile(string name, int length, out string sha256)
    {
        var content = RandomNumberGenerator.GetBytes(length);
        sha256 = Convert.ToHexStringLower(SHA256.HashData(content));
        var path = Path.Combine(service.Folders.Root, name);
        File.WriteAllBytes(path, content);
        return path;
    }

    async Task<List<string>> Listed() =>
        [.. JsonNode.Parse((await service.Kdr.Run("models", "--json", "--limit", "500")).Out)!.AsArray().Select(file => file!["name"]!.GetValue<string>())];

    [PrivatePostgresFact]
    public async Task Import_prints_the_hash_and_weights_to_paste_into_a_spec()
    {
        var path = NewFile("teacher.pth.tar", 3_000_001, out var sha256);
        var said = await service.Kdr.Run("import", path);
        said.ExitCode.ShouldBe(ExitCode.Done, said.Error);
        var lines = said.Out.TrimEnd().Split('\n');
        lines.ShouldBe([sha256, $$"""{"kind":"import","sha256":"{{sha256}}","rename":[],"skip":[]}"""]);
        said.Error.ShouldContain("sending teacher.pth.tar: 3.0 MB");
        said.Error.ShouldContain("stored as 'teacher.pth.tar'");

        var spec = JsonNode.Parse(await File.ReadAllTextAsync(SmallSpec.Path))!;
        spec["models"]!["cni"]!["weights"] = JsonNode.Parse(lines[1]);
        SpecReader.Read(spec.ToJsonString()).Problems.Where(problem => problem.Path.StartsWith("$.models.cni.weights", StringComparison.Ordinal)).ShouldBeEmpty();
    }

    [PrivatePostgresFact]
    public async Task Json_has_the_file_and_its_weights_and_a_second_import_says_the_first_name()
    {
        var path = NewFile("twice.pt", 100, out var sha256);
        var said = JsonNode.Parse((await service.Kdr.Run("import", path, "--name", "my teacher", "--json")).Out)!;
        said["sha256"]!.GetValue<string>().ShouldBe(sha256);
        said["name"]!.GetValue<string>().ShouldBe("my teacher");
        said["bytes"]!.GetValue<long>().ShouldBe(100);
        said["weights"]!.ToJsonString(SpecJson.Options).ShouldBe($$"""{"kind":"import","sha256":"{{sha256}}","rename":[],"skip":[]}""");
        var again = await service.Kdr.Run("import", path);
        again.ExitCode.ShouldBe(ExitCode.Done);
        again.Error.ShouldContain("uploaded this file before, as 'my teacher'");
    }

    [PrivatePostgresFact]
    public async Task Models_lists_files_with_their_whole_hash()
    {
        await service.Kdr.Run("import", NewFile("listed.safetensors", 2500, out var sha256));
        var plain = await service.Kdr.Run("models", "--limit", "1");
        plain.ExitCode.ShouldBe(ExitCode.Done, plain.Error);
        plain.Out.Split('\t')[..4].ShouldBe([sha256, "listed.safetensors", "2.5 kB", "admin"]);
        var aligned = await new CommandLine(service.Folders) { OnTerminal = true }.Run("models");
        aligned.Out.ShouldStartWith("SHA-256   ");
    }

    [PrivatePostgresFact]
    public async Task What_cannot_be_sent_is_2_and_says_why()
    {
        async Task Refused(string why, params string[] arguments)
        {
            var said = await service.Kdr.Run(["import", .. arguments]);
            said.ExitCode.ShouldBe(ExitCode.Usage, said.Error);
            said.Error.ShouldContain(why);
            said.Out.ShouldBeEmpty();
        }
        await Refused("cannot be read", Path.Combine(service.Folders.Root, "missing.pt"));
        await Refused("is a folder", service.Folders.Root);
        await Refused("is empty", NewFile("empty.pt", 0, out _));
        await Refused("control character", NewFile("fine.pt", 10, out _), "--name", "a\nb");
        await Refused("201 characters", NewFile("fine.pt", 10, out _), "--name", new string('x', 201));
    }

    [PrivatePostgresFact]
    public async Task A_file_larger_than_the_service_takes_is_refused_before_it_is_sent()
    {
        var path = Path.Combine(service.Folders.Root, "large.pt");
        await using (var sparse = File.Create(path)) sparse.SetLength((1L << 30) + 1);
        var said = await service.Kdr.Run("import", path);
        said.ExitCode.ShouldBe(ExitCode.Usage, said.Error);
        said.Error.ShouldContain("at most 1073741824 bytes");
    }

    [PrivatePostgresFact]
    public async Task A_readers_key_may_list_but_not_import()
    {
        var reader = new CommandLine(service.Folders, key: await service.Key(ApiKeyRole.Reader));
        (await reader.Run("models")).ExitCode.ShouldBe(ExitCode.Done);
        (await reader.Run("import", NewFile("reader.pt", 3_000_000, out _))).ExitCode.ShouldBe(ExitCode.NotAllowed);
    }

    [PostgresTheory]
    [InlineData(3_000_000, "the file had 5000000 bytes and ended after 3000000 while it was read")]
    [InlineData(6_000_000, "the file had 5000000 bytes and grew while it was read")]
    public async Task A_file_that_changes_while_it_is_read_is_not_stored(int really, string problem)
    {
        using var client = new ServiceClient(ServiceLocation.Find(service.Folders, null, _ => null));
        await using var file = new ChangingFile(5_000_000, really);
        var failed = await Should.ThrowAsync<CommandFailedException>(() => client.Upload($"changing {really}", file, _ => { }, CancellationToken.None));
        failed.ExitCode.ShouldBe(ExitCode.Failed);
        failed.Message.ShouldContain(problem);
        failed.Message.ShouldContain("nothing was stored");
        (await Listed()).ShouldNotContain($"changing {really}");
    }

    [PrivatePostgresFact]
    public async Task A_spec_whose_file_was_not_uploaded_is_2_with_the_path()
    {
        var unknown = new string('b', 64);
        var said = await service.Kdr.Run("submit", SmallSpec.Path, "--set", SmallSpec.NewSeed(), "--set", $$"""models.student.weights={"kind":"import","sha256":"{{unknown}}","rename":[],"skip":[]}""", "--set", "tables=[]", "--set", "figures=[]");
        said.ExitCode.ShouldBe(ExitCode.Usage, said.Error);
        said.Error.ShouldContain("$.models.student.weights.sha256: no such file was uploaded");
        said.Error.ShouldContain("kdr import FILE");
    }

    /// <summary>Says one length and has another.</summary>
    sealed class ChangingFile(long said, int really) : MemoryStream(new byte[really])
    {
        public override long Length => said;
    }
}
