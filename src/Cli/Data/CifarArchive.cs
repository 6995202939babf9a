using System.Formats.Tar;
using System.Globalization;
using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using KdRobust.Domain.Experiments;

namespace KdRobust.Cli.Data;

/// <summary>
/// CIFAR-10 as its authors publish it. A download that was interrupted goes on where it stopped; nothing is unpacked
/// before its checksum is right, and nothing but the known files is unpacked.
/// </summary>
/// <param name="folder">Receives cifar-10-batches-bin/.</param>
/// <param name="time">For progress lines.</param>
sealed class CifarArchive(string folder, TimeProvider time)
{
    /// <summary>The official address.</summary>
    public static Uri Address { get; } = new("https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz");

    // As the authors' page says it; the unpacked files are checked by SHA-256 (DatasetCatalog) when they are read.
    const string Md5 = "c32a1d4ab5d03f1284b67883e8d87530";

    /// <summary>Where it is fetched from; another one only in tests.</summary>
    public Uri From { get; init; } = Address;

    /// <summary>The archive's checksum; another one only in tests.</summary>
    public string Checksum { get; init; } = Md5;

    string Archive => Path.Combine(folder, "cifar-10-binary.tar.gz");

    /// <summary>Downloads what is missing, checks it, unpacks it.</summary>
    /// <exception cref="CommandFailedException">The address is out of reach, the disk is full, or the bytes are not the right ones.</exception>
    public async Task Fetch(Action<string> say, CancellationToken ct)
    {
        var facts = DatasetCatalog.Of(DatasetName.Cifar10);
        var target = Path.Combine(folder, facts.Folder);
        if (facts.Train.Concat(facts.Test).All(file => File.Exists(Path.Combine(target, file.Name))))
        {
            say($"{target} is there already");
            return;
        }
        try
        {
            Directory.CreateDirectory(folder);
            await Download(say, ct);
            await Check(ct);
            await Unpack(target, facts, ct);
            File.Delete(Archive);
            say($"unpacked into {target}");
        }
        catch (IOException error)
        {
            throw new CommandFailedException(ExitCode.Failed, $"{folder} cannot be written ({error.Message}): is the disk full? What was downloaded is kept; run it again to go on", error);
        }
    }

    async Task Download(Action<string> say, CancellationToken ct)
    {
        using var http = new HttpClient { Timeout = Timeout.InfiniteTimeSpan };
        using var request = new HttpRequestMessage(HttpMethod.Get, From);
        var have = File.Exists(Archive) ? new FileInfo(Archive).Length : 0;
        if (have > 0) request.Headers.Range = new RangeHeaderValue(have, null);
        try
        {
            using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, ct);
            if (response.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable) return; // Whole already.
            response.EnsureSuccessStatusCode();
            // A server that does not resume sends all of it again.
            var resumes = response.StatusCode == HttpStatusCode.PartialContent;
            if (!resumes) have = 0;
            else say(string.Create(CultureInfo.InvariantCulture, $"going on after {have >> 20} MB"));
            await using var file = new FileStream(Archive, resumes ? FileMode.Append : FileMode.Create);
            await using var body = await response.Content.ReadAsStreamAsync(ct);
            await Copy(body, file, have, have + response.Content.Headers.ContentLength, say, ct);
        }
        catch (HttpRequestException error)
        {
            throw new CommandFailedException(ExitCode.Unreachable, $"{From} cannot be fetched ({error.GetBaseException().Message}): is there a network? What was downloaded is kept; run it again to go on", error);
        }
    }

    async Task Copy(Stream from, Stream to, long have, long? total, Action<string> say, CancellationToken ct)
    {
        var buffer = new byte[1 << 20];
        var told = time.GetTimestamp();
        while (await from.ReadAsync(buffer, ct) is var read and > 0)
        {
            await to.WriteAsync(buffer.AsMemory(0, read), ct);
            have += read;
            if (time.GetElapsedTime(told) < TimeSpan.FromSeconds(2)) continue;
            told = time.GetTimestamp();
            say(string.Create(CultureInfo.InvariantCulture, $"{have >> 20} of {total >> 20} MB"));
        }
    }

    async Task Check(CancellationToken ct)
    {
        string found;
        await using (var file = File.OpenRead(Archive))
        {
#pragma warning disable CA5351 // The authors publish an MD5; what is used is checked by SHA-256 when it is read.
            found = Convert.ToHexStringLower(await MD5.HashDataAsync(file, ct));
#pragma warning restore CA5351
        }
        if (found == Checksum) return;
        File.Delete(Archive);
        throw new CommandFailedException(ExitCode.Failed, $"what {From} sent has MD5 {found}, expected {Checksum}; it was deleted. Run it again; if it stays so, something between here and there changes the bytes");
    }

    async Task Unpack(string target, DatasetFacts facts, CancellationToken ct)
    {
        var aside = target + ".new";
        if (Directory.Exists(aside)) Directory.Delete(aside, recursive: true);
        Directory.CreateDirectory(aside);
        var wanted = facts.Train.Concat(facts.Test).ToDictionary(file => file.Name, file => (long)file.Records * DatasetCatalog.RecordBytes, StringComparer.Ordinal);
        await using var gzip = new GZipStream(File.OpenRead(Archive), CompressionMode.Decompress);
        await using var tar = new TarReader(gzip);
        while (await tar.GetNextEntryAsync(cancellationToken: ct) is { } entry)
        {
            // By its last name only: an archive cannot choose where its files go.
            var name = Path.GetFileName(entry.Name);
            if (entry.EntryType is TarEntryType.RegularFile or TarEntryType.V7RegularFile && wanted.Remove(name, out var size) && entry.Length == size)
                await entry.ExtractToFileAsync(Path.Combine(aside, name), overwrite: false, ct);
        }
        if (wanted.Count > 0) throw new CommandFailedException(ExitCode.Failed, $"the archive lacks {string.Join(", ", wanted.Keys)}");
        if (Directory.Exists(target)) Directory.Delete(target, recursive: true);
        Directory.Move(aside, target);
    }
}
