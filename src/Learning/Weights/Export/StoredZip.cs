using System.Buffers.Binary;
using System.Text;

namespace KdRobust.Learning.Weights.Export;

/// <summary>
/// Writes a zip whose entries are stored as they are, each beginning at a multiple of 64 bytes, as PyTorch's own writer
/// places them (its reader maps them into memory). The bytes depend on names and contents alone: every date is 1980-01-01.
/// </summary>
internal sealed class StoredZip(Stream stream)
{
    const int Alignment = 64;
    const uint LocalHeader = 0x04034b50, CentralHeader = 0x02014b50, EndOfDirectory = 0x06054b50;
    const ushort Version = 20, FirstDate = 0x21;
    readonly List<(string Name, uint Crc, uint Length, uint Offset)> _entries = [];
    long _at;

    /// <summary>Largest file; beyond it the format takes other fields.</summary>
    public const long MaximumBytes = uint.MaxValue;

    /// <summary>Adds an entry.</summary>
    /// <param name="name">ASCII.</param>
    /// <param name="length">Bytes that <paramref name="write"/> writes.</param>
    /// <param name="write">Writes the content; called twice, the first time for the checksum.</param>
    /// <exception cref="InvalidOperationException">The file would pass 4 GiB.</exception>
    public void Add(string name, long length, Action<Stream> write)
    {
        using var crc = new Crc32();
        write(crc);
        var encoded = Encoding.ASCII.GetBytes(name);
        // The extra field "FB" pads up to the alignment.
        var header = 30 + encoded.Length + 4;
        var padding = (int)((Alignment - (_at + header) % Alignment) % Alignment);
        if (_at + header + padding + length > MaximumBytes) throw new InvalidOperationException($"the file would be larger than {MaximumBytes} bytes: export it as safetensors");

        var bytes = new byte[header + padding];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, LocalHeader);
        Shared(bytes.AsSpan(4), crc.Value, (uint)length, encoded.Length, 4 + padding);
        encoded.CopyTo(bytes, 30);
        "FB"u8.CopyTo(bytes.AsSpan(30 + encoded.Length));
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(32 + encoded.Length), (ushort)padding);
        bytes.AsSpan(header).Fill((byte)'Z');

        _entries.Add((name, crc.Value, (uint)length, (uint)_at));
        stream.Write(bytes);
        write(stream);
        _at += bytes.Length + length;
    }

    /// <summary>Writes the directory, which ends the file.</summary>
    public void Finish()
    {
        var begin = _at;
        foreach (var (name, crc, length, offset) in _entries)
        {
            var encoded = Encoding.ASCII.GetBytes(name);
            var bytes = new byte[46 + encoded.Length];
            BinaryPrimitives.WriteUInt32LittleEndian(bytes, CentralHeader);
            BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(4), Version);
            Shared(bytes.AsSpan(6), crc, length, encoded.Length, 0);
            BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(42), offset);
            encoded.CopyTo(bytes, 46);
            stream.Write(bytes);
            _at += bytes.Length;
        }
        if (_at > MaximumBytes || _entries.Count > ushort.MaxValue) throw new InvalidOperationException("the file would be larger than a zip can be: export it as safetensors");
        var end = new byte[22];
        BinaryPrimitives.WriteUInt32LittleEndian(end, EndOfDirectory);
        BinaryPrimitives.WriteUInt16LittleEndian(end.AsSpan(8), (ushort)_entries.Count);
        BinaryPrimitives.WriteUInt16LittleEndian(end.AsSpan(10), (ushort)_entries.Count);
        BinaryPrimitives.WriteUInt32LittleEndian(end.AsSpan(12), (uint)(_at - begin));
        BinaryPrimitives.WriteUInt32LittleEndian(end.AsSpan(16), (uint)begin);
        stream.Write(end);
    }

    // The fields that local and central headers have alike, from "version needed" on; flags, method and time are 0.
    static void Shared(Span<byte> bytes, uint crc, uint length, int name, int extra)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(bytes, Version);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes[8..], FirstDate);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[10..], crc);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[14..], length);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[18..], length);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes[22..], (ushort)name);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes[24..], (ushort)extra);
    }
}
