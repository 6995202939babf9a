using System.Buffers.Binary;
using System.IO.Compression;
using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using KdRobust.Domain.Experiments;
using KdRobust.EndToEnd.Tests.Arrange;
using KdRobust.Persistence.Tests.Arrange;

namespace KdRobust.EndToEnd.Tests.Faults;

/// <summary>Files of weights that are made to hurt, on the whole way from the upload to the worker that reads them.</summary>
public sealed class HostileFileTests
{
    const int UnpackedMiB = 1536, AllowedMiB = 1024;

    [ServiceFact]
    public async Task Bombs_and_oversized_tensors_are_taken_in_as_bytes_and_refused_by_the_worker_in_words_which_goes_on_working()
    {
        await using var service = await Replicas.Start(apis: 1, workers: 1);
        await service.Until("the replica answers and the worker is seen", seconds: 120, condition: async () =>
            service.Addresses.Count == 1 && await service.Database.Scalar<long>("SELECT count(*) FROM worker") == 1);
        using var client = service.Client(service.Addresses[0]);
        (string Name, byte[] Content, string Refusal)[] files =
        [
            ("bomb.pt", ZipBomb(), "would unpack to more than 4 times"),
            ("tera.safetensors", Safetensors("""{"w":{"dtype":"F32","shape":[1099511627776],"data_offsets":[0,4398046511104]}}"""), "'w'"),
            ("header.safetensors", [0, 0, 0, 0, 0, 0, 0, 0x40, .. "{}"u8], "begins like neither"),
        ];
        foreach (var (name, content, refusal) in files)
        {
            content.Length.ShouldBeLessThan(32 << 20, name);
            var job = await Import(client, name, content);
            await service.Until($"{name} was refused", async () => (await Read(client, job))["state"]!.GetValue<string>() is not ("queued" or "running" or "blocked"));
            var ended = await Read(client, job);
            ended["state"]!.GetValue<string>().ShouldBe("failed", $"{name}: {ended}");
            ended["attempt"]!.GetValue<int>().ShouldBe(1, name);
            var said = ended["failure"]!["message"]!.GetValue<string>();
            said.ShouldStartWith($"the uploaded file '{name}': ");
            said.ShouldContain(refusal, customMessage: name);
        }
        service.Processes.ShouldAllBe(process => !process.HasEnded);
        var run = LinuxProcess.RunProcessesOf(service.Processes[1].Id).ShouldHaveSingleItem("the process that read them lives");
        foreach (var process in service.Processes.Select(process => process.Id).Append(run))
            LinuxProcess.PeakMebibytes(process).ShouldBeLessThan(AllowedMiB, $"process {process} never held what was packed");
    }

    static async Task<string> Import(HttpClient client, string name, byte[] content)
    {
        using var body = new ByteArrayContent(content) { Headers = { ContentType = new("application/octet-stream") } };
        using var uploaded = await client.PostAsync($"/v1/models?name={name}", body);
        uploaded.StatusCode.ShouldBe(HttpStatusCode.Created, await uploaded.Content.ReadAsStringAsync());
        var spec = JsonNode.Parse(JsonSerializer.Serialize(Specs.Import(Specs.NewSeed(), Convert.ToHexStringLower(SHA256.HashData(content))), SpecJson.Options))!;
        spec["dataset"] = new JsonObject { ["name"] = "synthetic", ["trainImages"] = 100, ["testImages"] = 10 };
        using var accepted = await client.PostAsJsonAsync("/v1/experiments", spec);
        accepted.IsSuccessStatusCode.ShouldBeTrue(await accepted.Content.ReadAsStringAsync());
        var experiment = JsonNode.Parse(await client.GetStringAsync(accepted.Headers.Location))!;
        return experiment["jobs"]!.AsArray().ShouldHaveSingleItem()!["job"]!["id"]!.GetValue<string>();
    }

    static async Task<JsonNode> Read(HttpClient client, string job) => JsonNode.Parse(await client.GetStringAsync($"/v1/jobs/{job}"))!["job"]!;

    static byte[] ZipBomb()
    {
        using var file = new MemoryStream();
        using (var zip = new ZipArchive(file, ZipArchiveMode.Create, leaveOpen: true))
        {
            using (var pickle = zip.CreateEntry("archive/data.pkl").Open())
                pickle.Write([0x80, 2, (byte)'}', (byte)'.']);
            using var storage = zip.CreateEntry("archive/data/0", CompressionLevel.Fastest).Open();
            var zeros = new byte[1 << 20];
            for (var i = 0; i < UnpackedMiB; i++) storage.Write(zeros);
        }
        return file.ToArray();
    }

    static byte[] Safetensors(string header)
    {
        var length = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, header.Length);
        return [.. length, .. Encoding.UTF8.GetBytes(header)];
    }
}
