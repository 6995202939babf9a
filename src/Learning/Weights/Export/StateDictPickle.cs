using System.Buffers.Binary;
using System.Numerics;
using System.Text;

namespace KdRobust.Learning.Weights.Export;

/// <summary>
/// The pickle of an OrderedDict of tensors, protocol 2, with only the opcodes and names that torch.load(weights_only=True)
/// takes. The i-th tensor is the whole of storage i.
/// </summary>
internal static class StateDictPickle
{
    const byte Global = (byte)'c', EmptyTuple = (byte)')', Reduce = (byte)'R', Mark = (byte)'(', Tuple = (byte)'t', SetItems = (byte)'u',
        UnicodeText = (byte)'X', ByteNumber = (byte)'K', Number = (byte)'J', LongNumber = 0x8a, False = 0x89, PersistentId = (byte)'Q', Stop = (byte)'.';

    /// <summary>The bytes of <c>data.pkl</c>.</summary>
    /// <param name="tensors">In the order of the dict.</param>
    public static byte[] Of(IEnumerable<TensorEntry> tensors)
    {
        var pickle = new MemoryStream();
        pickle.Write([0x80, 2]);
        OrderedDict(pickle);
        pickle.WriteByte(Mark);
        var index = 0;
        foreach (var entry in tensors)
        {
            Text(pickle, entry.Name);
            Tensor(pickle, entry, index++);
        }
        pickle.Write([SetItems, Stop]);
        return pickle.ToArray();
    }

    static void OrderedDict(MemoryStream pickle)
    {
        Name(pickle, "collections", "OrderedDict");
        pickle.Write([EmptyTuple, Reduce]);
    }

    // _rebuild_tensor_v2(storage, offset, size, stride, requires_grad, backward_hooks)
    static void Tensor(MemoryStream pickle, TensorEntry entry, int index)
    {
        Name(pickle, "torch._utils", "_rebuild_tensor_v2");
        pickle.WriteByte(Mark);
        pickle.WriteByte(Mark);
        Text(pickle, "storage");
        Name(pickle, "torch", StorageOf(entry.Type));
        Text(pickle, FormattableString.Invariant($"{index}"));
        Text(pickle, "cpu");
        Integer(pickle, entry.Bytes / TensorEntry.SizeOf(entry.Type));
        pickle.Write([Tuple, PersistentId]);
        Integer(pickle, 0);
        Integers(pickle, entry.Shape);
        var strides = new long[entry.Shape.Count];
        var stride = 1L;
        for (var i = strides.Length - 1; i >= 0; i--)
        {
            strides[i] = stride;
            stride *= Math.Max(1, entry.Shape[i]);
        }
        Integers(pickle, strides);
        pickle.WriteByte(False);
        OrderedDict(pickle);
        pickle.Write([Tuple, Reduce]);
    }

    static void Name(MemoryStream pickle, string module, string name)
    {
        pickle.WriteByte(Global);
        pickle.Write(Encoding.ASCII.GetBytes($"{module}\n{name}\n"));
    }

    static void Text(MemoryStream pickle, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        Span<byte> length = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(length, bytes.Length);
        pickle.WriteByte(UnicodeText);
        pickle.Write(length);
        pickle.Write(bytes);
    }

    static void Integers(MemoryStream pickle, IReadOnlyList<long> numbers)
    {
        pickle.WriteByte(Mark);
        foreach (var number in numbers) Integer(pickle, number);
        pickle.WriteByte(Tuple);
    }

    static void Integer(MemoryStream pickle, long number)
    {
        if (number is >= 0 and <= byte.MaxValue)
        {
            pickle.Write([ByteNumber, (byte)number]);
        }
        else if (number is >= int.MinValue and <= int.MaxValue)
        {
            Span<byte> bytes = stackalloc byte[5];
            bytes[0] = Number;
            BinaryPrimitives.WriteInt32LittleEndian(bytes[1..], (int)number);
            pickle.Write(bytes);
        }
        else
        {
            var bytes = new BigInteger(number).ToByteArray();
            pickle.Write([LongNumber, (byte)bytes.Length]);
            pickle.Write(bytes);
        }
    }

    static string StorageOf(ElementType type) => type switch
    {
        ElementType.F32 => "FloatStorage",
        ElementType.F64 => "DoubleStorage",
        ElementType.F16 => "HalfStorage",
        ElementType.BF16 => "BFloat16Storage",
        ElementType.I64 => "LongStorage",
        ElementType.I32 => "IntStorage",
        ElementType.I16 => "ShortStorage",
        ElementType.I8 => "CharStorage",
        ElementType.U8 => "ByteStorage",
        ElementType.BOOL => "BoolStorage",
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "unknown element type"),
    };
}
