using System.Security.Cryptography;
using KdRobust.Domain.Experiments;
using KdRobust.Domain.Runs;

namespace KdRobust.Learning.Data;

/// <summary>Reads one file of the canonical CIFAR-10 layout: records of 1 label byte and 3072 bytes of image.</summary>
internal static class RecordFile
{
    /// <summary>All records of <paramref name="file"/> in <paramref name="folder"/>.</summary>
    /// <exception cref="RunInputException">Missing, of the wrong size, a label above 9, or another content; names the file and the offset.</exception>
    public static LabelledImages Read(string folder, DatasetFile file)
    {
        var path = Path.Combine(folder, file.Name);
        var bytes = ReadBytes(path, file);
        var images = Split(bytes, path);
        var sha256 = Sha256(bytes);
        if (!string.Equals(sha256, file.Sha256, StringComparison.Ordinal))
            throw new RunInputException($"{path}: the content is not the canonical one (SHA-256 {sha256}, expected {file.Sha256}); size and labels are right, so pixels differ: fetch the file again");
        return images;
    }

    /// <summary>Lower-case hex.</summary>
    public static string Sha256(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));

    /// <summary>The records in the canonical layout again.</summary>
    public static byte[] Join(LabelledImages images)
    {
        var bytes = new byte[images.Count * DatasetCatalog.RecordBytes];
        for (var i = 0; i < images.Count; i++)
        {
            var record = bytes.AsSpan(i * DatasetCatalog.RecordBytes, DatasetCatalog.RecordBytes);
            record[0] = images.Labels[i];
            images.Pixels.AsSpan(i * LabelledImages.ImageBytes, LabelledImages.ImageBytes).CopyTo(record[1..]);
        }
        return bytes;
    }

    static byte[] ReadBytes(string path, DatasetFile file)
    {
        var expected = (long)file.Records * DatasetCatalog.RecordBytes;
        try
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
            if (stream.Length != expected)
            {
                var (record, inside) = Math.DivRem(stream.Length, DatasetCatalog.RecordBytes);
                throw new RunInputException(stream.Length < expected
                    ? $"{path}: cut short at offset {stream.Length} (record {record}, byte {inside} of {DatasetCatalog.RecordBytes}); expected {expected} bytes = {file.Records} records: fetch the file again"
                    : $"{path}: {stream.Length} bytes, expected {expected} = {file.Records} records; what follows offset {expected} does not belong there: fetch the file again");
            }
            var bytes = new byte[expected];
            stream.ReadExactly(bytes);
            return bytes;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new RunInputException($"{path}: no such file; the folder must hold the files of the canonical binary layout ({file.Records} records of {DatasetCatalog.RecordBytes} bytes here)", e);
        }
        catch (Exception e) when (e is UnauthorizedAccessException or IOException)
        {
            throw new RunInputException($"{path}: cannot be read: {e.Message}", e);
        }
    }

    static LabelledImages Split(ReadOnlySpan<byte> bytes, string path)
    {
        var count = bytes.Length / DatasetCatalog.RecordBytes;
        var images = new LabelledImages(new byte[count * LabelledImages.ImageBytes], new byte[count]);
        for (var i = 0; i < count; i++)
        {
            var record = bytes.Slice(i * DatasetCatalog.RecordBytes, DatasetCatalog.RecordBytes);
            if (record[0] >= LabelledImages.Classes)
                throw new RunInputException($"{path}: label {record[0]} at offset {(long)i * DatasetCatalog.RecordBytes} (record {i}); labels are 0 to 9: this is not a file of the canonical binary layout, or it is damaged");
            images.Labels[i] = record[0];
            record[1..].CopyTo(images.Pixels.AsSpan(i * LabelledImages.ImageBytes));
        }
        return images;
    }
}
