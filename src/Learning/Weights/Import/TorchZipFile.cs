using System.IO.Compression;
using System.Text;
using KdRobust.Domain.Runs;
using KdRobust.Learning.Weights.Pickles;

namespace KdRobust.Learning.Weights.Import;

/// <summary>
/// PyTorch's file since version 1.6 (.pt, .pth): a zip of <c>NAME/data.pkl</c>, the object, and <c>NAME/data/KEY</c>, the
/// storages. Entries that are neither, nor the byte order, are not looked at. Nothing is ever unpacked to a place that an
/// entry names.
/// </summary>
internal sealed class TorchZipFile : TorchFile
{
    const int MaximumEntries = 100_000;
    // That many entries with names and extra fields of 200 bytes each.
    const long LongestDirectory = 24 << 20;
    // PyTorch compresses nothing. A file that was packed again may unpack to this multiple, and a small pickle to more.
    const int LargestRatio = 4;
    const long SmallPickle = 1 << 20;
    readonly ZipArchive _zip;
    readonly Dictionary<string, ZipArchiveEntry> _storages;

    TorchZipFile(FileStream stream, string path, TorchStateDict found, ZipArchive zip, Dictionary<string, ZipArchiveEntry> storages)
        : base(stream, path, "PyTorch zip file", found) => (_zip, _storages) = (zip, storages);

    /// <summary>Reads everything but the numbers.</summary>
    /// <exception cref="RunInputException">Malformed, or cut short.</exception>
    public static TorchZipFile Open(FileStream stream, string path) => Guarded(path, () =>
    {
        if (ZipDirectory.Bytes(stream) is > LongestDirectory and var bytes)
            throw new InvalidDataException($"its directory takes {bytes} bytes, expected at most {LongestDirectory}: it names more than {MaximumEntries} entries, or names without end");
        stream.Position = 0;
        var zip = new ZipArchive(stream, ZipArchiveMode.Read, leaveOpen: true);
        try
        {
            return Open(stream, path, zip);
        }
        catch
        {
            zip.Dispose();
            throw;
        }
    });

    static TorchZipFile Open(FileStream stream, string path, ZipArchive zip)
    {
        var entries = Entries(zip, stream.Length, path);
        var pickles = entries.Keys.Where(name => name.EndsWith("/data.pkl", StringComparison.Ordinal) && name.IndexOf('/') == name.LastIndexOf('/')).ToList();
        if (pickles is not [var pickle]) throw Bad(path, $"{pickles.Count} entries NAME/data.pkl, expected one");
        var root = pickle[..^"data.pkl".Length];
        if (entries.ContainsKey($"{root}constants.pkl")) throw Bad(path, "a TorchScript program: save model.state_dict() with torch.save");
        if (entries.TryGetValue($"{root}byteorder", out var order) && Text(order) is var written and not "little") throw Bad(path, $"its byte order is '{written}', expected little");

        var storages = entries.Where(entry => entry.Key.StartsWith($"{root}data/", StringComparison.Ordinal))
            .ToDictionary(entry => entry.Key[$"{root}data/".Length..], entry => entry.Value, StringComparer.Ordinal);
        var objects = new TorchObjects();
        object? value;
        using (var content = entries[pickle].Open())
        {
            var bytes = new PickleStream(content, entries[pickle].Length, $"{path}, entry {pickle}");
            value = new PickleReader(bytes, objects).Read();
            if (bytes.Remaining > 0) throw bytes.Bad($"{bytes.Remaining} bytes follow its end");
        }
        var found = TorchStateDict.Find(value, path, stream.Length);
        foreach (var (name, tensor) in found.Tensors)
        {
            if (!storages.TryGetValue(tensor.Storage.Key, out var entry)) throw Bad(path, $"'{name}' needs the entry {root}data/{tensor.Storage.Key}, which is not there");
            if (entry.Length != tensor.Storage.Bytes)
                throw Bad(path, $"the entry {entry.FullName} has {entry.Length} bytes, but storage '{tensor.Storage.Key}' of {tensor.Storage.Count} {tensor.Storage.Type} takes {tensor.Storage.Bytes}");
        }
        return new TorchZipFile(stream, path, found, zip, storages);
    }

    static Dictionary<string, ZipArchiveEntry> Entries(ZipArchive zip, long fileBytes, string path)
    {
        if (zip.Entries.Count > MaximumEntries) throw Bad(path, $"{zip.Entries.Count} entries, expected at most {MaximumEntries}");
        var entries = new Dictionary<string, ZipArchiveEntry>(StringComparer.Ordinal);
        Int128 unpacked = 0;
        foreach (var entry in zip.Entries)
        {
            var name = entry.FullName;
            if (name.StartsWith('/') || name.Contains('\\') || name.Contains('\0') || name.Split('/').Contains(".."))
                throw Bad(path, $"an entry's name leads outside the file: '{name}'");
            if (entry.IsEncrypted) throw Bad(path, $"the entry {name} is encrypted");
            if (!entries.TryAdd(name, entry)) throw Bad(path, $"the entry {name} is there twice");
            unpacked += entry.Length;
            if (unpacked > LargestRatio * (Int128)fileBytes + SmallPickle)
                throw Bad(path, $"it would unpack to more than {LargestRatio} times its {fileBytes} bytes: PyTorch stores without compression");
        }
        return entries;
    }

    /// <inheritdoc/>
    protected override void Read(TorchStorage storage, long begin, Span<byte> into)
    {
        var entry = _storages[storage.Key];
        try
        {
            using var content = entry.Open();
            if (content.CanSeek) content.Seek(begin, SeekOrigin.Begin);
            else Skip(content, begin);
            content.ReadExactly(into);
        }
        catch (Exception e) when (e is InvalidDataException or EndOfStreamException)
        {
            throw new RunInputException($"{Path}: the entry {entry.FullName} cannot be read: {e.Message}", e);
        }
    }

    static void Skip(Stream content, long count)
    {
        var waste = new byte[64 << 10];
        for (; count > 0; count -= Math.Min(count, waste.Length)) content.ReadExactly(waste.AsSpan(0, (int)Math.Min(count, waste.Length)));
    }

    static string Text(ZipArchiveEntry entry)
    {
        using var content = entry.Open();
        Span<byte> text = stackalloc byte[16];
        return Encoding.ASCII.GetString(text[..content.ReadAtLeast(text, text.Length, throwOnEndOfStream: false)]);
    }

    static T Guarded<T>(string path, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is InvalidDataException or EndOfStreamException or NotSupportedException or IOException or ArgumentException or OverflowException)
        {
            throw Bad(path, e.Message, e);
        }
    }

    static RunInputException Bad(string path, string what, Exception? inner = null) => new($"{path}: not a PyTorch zip file that can be read: {what}", inner);

    /// <inheritdoc/>
    public override void Dispose()
    {
        _zip.Dispose();
        base.Dispose();
    }
}
