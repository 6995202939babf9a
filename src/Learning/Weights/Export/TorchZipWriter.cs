using System.Text;

namespace KdRobust.Learning.Weights.Export;

/// <summary>
/// Writes the tensors of a safetensors file as a PyTorch zip file that torch.load reads, with weights_only=True as well:
/// an OrderedDict at the top. Constant memory, no libtorch.
/// </summary>
internal static class TorchZipWriter
{
    const string Root = "archive";
    // Version 3 of the container is what torch.save of 1.6 to 2.x writes.
    const string FormatVersion = "3\n";

    /// <exception cref="InvalidOperationException">It would pass 4 GiB.</exception>
    public static void Write(SafetensorsReader file, Stream stream)
    {
        var zip = new StoredZip(stream);
        AddBytes(zip, "data.pkl", StateDictPickle.Of(file.Header.Entries));
        AddBytes(zip, "byteorder", "little"u8.ToArray());
        for (var i = 0; i < file.Header.Entries.Count; i++)
        {
            var entry = file.Header.Entries[i];
            zip.Add(FormattableString.Invariant($"{Root}/data/{i}"), entry.Bytes, content => file.CopyTo(entry.Name, content));
        }
        AddBytes(zip, "version", Encoding.ASCII.GetBytes(FormatVersion));
        zip.Finish();
    }

    static void AddBytes(StoredZip zip, string name, byte[] bytes) => zip.Add($"{Root}/{name}", bytes.Length, content => content.Write(bytes));
}
