using System.Formats.Tar;
using System.IO.Compression;
using System.Net;
using System.Security.Cryptography;
using KdRobust.Cli.Data;
using KdRobust.Domain.Experiments;

namespace KdRobust.Cli.Tests.Data;

public sealed class CifarArchiveTests : IDisposable
{
    readonly string folder = Directory.CreateTempSubdirectory("kdr-fetch-").FullName;
    readonly HttpListener server = new();
    readonly byte[] archive = Pack();
    readonly List<string?> ranges = [];
    readonly List<string> said = [];
    int? cutAfter;

    public CifarArchiveTests()
    {
        using var free = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0);
        free.Start();
        var port = ((IPEndPoint)free.LocalEndpoint).Port;
        free.Stop();
        Address = new Uri($"http://127.0.0.1:{port}/archive");
        server.Prefixes.Add($"http://127.0.0.1:{port}/");
        server.Start();
        _ = Serve();
    }

    Uri Address { get; }

    public void Dispose()
    {
        server.Close();
        Directory.Delete(folder, recursive: true);
    }

    Task Fetch(string? checksum = null) => new CifarArchive(folder, TimeProvider.System) { From = Address, Checksum = checksum ?? Convert.ToHexStringLower(MD5.HashData(archive)) }.Fetch(said.Add, default);

    [Fact]
    public async Task It_is_fetched_checked_and_unpacked_once()
    {
        await Fetch();
        var facts = DatasetCatalog.Of(DatasetName.Cifar10);
        foreach (var file in facts.Train.Concat(facts.Test))
            new FileInfo(Path.Combine(folder, facts.Folder, file.Name)).Length.ShouldBe(10_000L * DatasetCatalog.RecordBytes);
        File.Exists(Path.Combine(folder, "evil")).ShouldBeFalse();
        File.Exists(Path.Combine(folder, facts.Folder, "evil")).ShouldBeFalse();
        await Fetch();
        ranges.Count.ShouldBe(1);
        said[^1].ShouldEndWith("is there already");
    }

    [Fact]
    public async Task A_download_that_was_cut_goes_on_where_it_stopped()
    {
        cutAfter = archive.Length / 2;
        var failed = await Should.ThrowAsync<CommandFailedException>(() => Fetch());
        failed.Message.ShouldContain("run it again to go on");
        cutAfter = null;
        await Fetch();
        ranges[1].ShouldNotBeNull();
        ranges[1]!.ShouldStartWith("bytes=");
        said.ShouldContain(line => line.StartsWith("going on after", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Wrong_bytes_are_refused_and_deleted()
    {
        var failed = await Should.ThrowAsync<CommandFailedException>(() => Fetch("00000000000000000000000000000000"));
        failed.Message.ShouldContain("expected 00000000000000000000000000000000");
        Directory.GetFileSystemEntries(folder).ShouldBeEmpty();
    }

    [Fact]
    public async Task Without_a_network_it_is_7()
    {
        server.Stop();
        (await Should.ThrowAsync<CommandFailedException>(() => Fetch())).ExitCode.ShouldBe(ExitCode.Unreachable);
    }

    async Task Serve()
    {
        while (server.IsListening)
        {
            HttpListenerContext context;
            try
            {
                context = await server.GetContextAsync();
            }
            catch (Exception error) when (error is HttpListenerException or ObjectDisposedException)
            {
                return;
            }
            var range = context.Request.Headers["Range"];
            ranges.Add(range);
            var from = range is null ? 0 : int.Parse(range["bytes=".Length..^1], System.Globalization.CultureInfo.InvariantCulture);
            context.Response.StatusCode = range is null ? 200 : 206;
            context.Response.ContentLength64 = archive.Length - from;
            var until = cutAfter is { } cut ? Math.Max(from, cut) : archive.Length;
            await context.Response.OutputStream.WriteAsync(archive.AsMemory(from..until));
            if (until < archive.Length) context.Response.Abort();
            else context.Response.Close();
        }
    }

    /// <summary>An archive of the real one's shape, all zeros, with a file that would leave the folder.</summary>
    static byte[] Pack()
    {
        var facts = DatasetCatalog.Of(DatasetName.Cifar10);
        var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        using (var tar = new TarWriter(gzip))
        {
            tar.WriteEntry(new UstarTarEntry(TarEntryType.RegularFile, "../evil") { DataStream = new MemoryStream([1]) });
            var content = new byte[10_000 * DatasetCatalog.RecordBytes];
            foreach (var file in facts.Train.Concat(facts.Test))
                tar.WriteEntry(new UstarTarEntry(TarEntryType.RegularFile, $"cifar-10-batches-bin/{file.Name}") { DataStream = new MemoryStream(content) });
        }
        return packed.ToArray();
    }
}
