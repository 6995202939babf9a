using System.Buffers.Binary;
using System.Text;

namespace KdRobust.Support.Otlp;

/// <summary>One field of a protobuf message as it is on the wire: its number, and a number or bytes.</summary>
public readonly record struct ProtobufField(int Number, ulong Scalar, ReadOnlyMemory<byte> Bytes)
{
    const int Varint = 0, Fixed64 = 1, Length = 2, Fixed32 = 5;

    /// <summary>The bytes as UTF-8.</summary>
    public string Text => Encoding.UTF8.GetString(Bytes.Span);

    /// <summary>The bytes as lower-case hex, e.g. of a trace's id.</summary>
    public string Hex => Convert.ToHexStringLower(Bytes.Span);

    /// <summary>The number as the double it was written as.</summary>
    public double Double => BitConverter.UInt64BitsToDouble(Scalar);

    /// <summary>The bytes as a message.</summary>
    public IEnumerable<ProtobufField> Message => Read(Bytes);

    /// <summary>The fields of a message, in their order.</summary>
    /// <exception cref="InvalidDataException">These bytes are no message.</exception>
    public static IEnumerable<ProtobufField> Read(ReadOnlyMemory<byte> message)
    {
        var at = 0;
        while (at < message.Length)
        {
            var tag = ReadVarint(message.Span, ref at);
            var number = (int)(tag >> 3);
            switch ((int)(tag & 7))
            {
                case Varint:
                    yield return new(number, ReadVarint(message.Span, ref at), default);
                    break;
                case Fixed64:
                    yield return new(number, BinaryPrimitives.ReadUInt64LittleEndian(Take(message, ref at, 8).Span), default);
                    break;
                case Fixed32:
                    yield return new(number, BinaryPrimitives.ReadUInt32LittleEndian(Take(message, ref at, 4).Span), default);
                    break;
                case Length:
                    yield return new(number, 0, Take(message, ref at, checked((int)ReadVarint(message.Span, ref at))));
                    break;
                default:
                    throw new InvalidDataException($"wire type {tag & 7} at byte {at}");
            }
        }
    }

    static ReadOnlyMemory<byte> Take(ReadOnlyMemory<byte> message, ref int at, int length)
    {
        if (length < 0 || length > message.Length - at)
            throw new InvalidDataException($"a field of {length} bytes at byte {at} of {message.Length}");
        at += length;
        return message.Slice(at - length, length);
    }

    static ulong ReadVarint(ReadOnlySpan<byte> bytes, ref int at)
    {
        ulong value = 0;
        for (var shift = 0; shift < 64; shift += 7)
        {
            if (at == bytes.Length)
                throw new InvalidDataException("a number is cut off");
            var next = bytes[at++];
            value |= (ulong)(next & 0x7f) << shift;
            if (next < 0x80)
                return value;
        }
        throw new InvalidDataException($"a number longer than 64 bits before byte {at}");
    }
}
