using System.Text;
using KdRobust.Domain.Runs;

namespace KdRobust.Learning.Weights.Pickles;

/// <summary>Bytes of a pickle, read forwards. Nothing is asked of memory that the file does not hold.</summary>
/// <param name="stream">Stands at the first byte.</param>
/// <param name="length">Bytes that may be read.</param>
/// <param name="place">The file, and the entry in it, for messages.</param>
internal sealed class PickleStream(Stream stream, long length, string place)
{
    const int LongestLine = 1024;
    readonly byte[] _buffer = new byte[16 << 10];
    int _at;
    int _filled;
    long _before;

    /// <summary>Bytes read so far.</summary>
    public long Position => _before + _at;

    /// <summary>Bytes left.</summary>
    public long Remaining => length - Position;

    /// <summary>A refusal that names file and offset.</summary>
    public RunInputException Bad(string what, Exception? inner = null) => new($"{place}: not a PyTorch file that can be read: {what} (before byte {Position})", inner);

    /// <summary>The next byte.</summary>
    public byte Byte()
    {
        if (_at == _filled) Fill();
        return _buffer[_at++];
    }

    /// <summary>The next bytes; at most as many as are left.</summary>
    public byte[] Bytes(int count)
    {
        if (count > Remaining) throw CutShort(count);
        var bytes = new byte[count];
        for (var done = 0; done < count;)
        {
            if (_at == _filled) Fill();
            var part = Math.Min(count - done, _filled - _at);
            _buffer.AsSpan(_at, part).CopyTo(bytes.AsSpan(done));
            _at += part;
            done += part;
        }
        return bytes;
    }

    /// <summary>Leaves bytes out.</summary>
    public void Skip(ulong count)
    {
        if (count > (ulong)Remaining) throw CutShort(count);
        for (var left = (long)count; left > 0;)
        {
            if (_at == _filled) Fill();
            var part = (int)Math.Min(left, _filled - _at);
            _at += part;
            left -= part;
        }
    }

    /// <summary>A little-endian number of 1 to 8 bytes.</summary>
    public ulong Number(int bytes)
    {
        var number = 0UL;
        for (var i = 0; i < bytes; i++) number |= (ulong)Byte() << (8 * i);
        return number;
    }

    /// <summary>The text up to the next line feed, which is left out.</summary>
    public string Line()
    {
        var line = new List<byte>();
        for (var next = Byte(); next != '\n'; next = Byte())
        {
            if (line.Count == LongestLine) throw Bad($"a line of more than {LongestLine} bytes");
            line.Add(next);
        }
        return Text([.. line]);
    }

    /// <summary>Bytes as UTF-8.</summary>
    public string Text(byte[] bytes)
    {
        try
        {
            return StrictUtf8.GetString(bytes);
        }
        catch (DecoderFallbackException e)
        {
            throw Bad("a text that is not UTF-8", e);
        }
    }

    static readonly UTF8Encoding StrictUtf8 = new(false, throwOnInvalidBytes: true);

    RunInputException CutShort(object count) => Bad($"{count} bytes are announced and {Remaining} are left: cut short?");

    void Fill()
    {
        if (Remaining <= 0) throw Bad("it ends too early: cut short?");
        _before += _filled;
        _at = _filled = 0;
        try
        {
            _filled = stream.Read(_buffer, 0, (int)Math.Min(_buffer.Length, length - _before));
        }
        catch (InvalidDataException e)
        {
            throw Bad($"it cannot be decompressed: {e.Message}", e);
        }
        if (_filled == 0) throw Bad("it ends too early: cut short?");
    }
}
