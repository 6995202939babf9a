using System.Globalization;
using System.Numerics;
using System.Text;
using System.Text.Unicode;

namespace KdRobust.Learning.Weights.Pickles;

/// <summary>
/// Reads a pickle (protocols 1 to 5, opcodes as Python's documentation of pickletools describes them) into plain values. It
/// builds dicts, lists, tuples, texts, numbers, None and the storages and tensors of PyTorch. No class or function is looked
/// up and nothing is executed: any other object becomes a <see cref="PickleOpaque"/> that carries its name, and what was to
/// be done with it is left out. Iterative, and bounded in steps, height, depth, memo and text.
/// </summary>
internal sealed class PickleReader(PickleStream stream, TorchObjects objects)
{
    /// <summary>Steps of one pickle; one with a thousand tensors and their optimizer takes about 200,000.</summary>
    public const int MaximumSteps = 4_000_000;
    /// <summary>Longest text kept; a longer one is passed over.</summary>
    public const int MaximumText = 64 << 10;
    /// <summary>Bytes of all texts kept of one pickle.</summary>
    public const int MaximumTexts = 16 << 20;
    const int HighestProtocol = 5;
    const int MaximumNumberBytes = 255;

    readonly PickleStack _stack = new(stream);
    int _texts;

    /// <summary>Reads one pickle, up to and with its end.</summary>
    /// <exception cref="Domain.Runs.RunInputException">Malformed, out of bounds, or it holds an opcode that PyTorch's files do not use.</exception>
    public object? Read()
    {
        for (var steps = 0; steps < MaximumSteps; steps++)
        {
            var opcode = stream.Byte();
            if (opcode == '.') return _stack.Last();
            if (!Value(opcode) && !Container(opcode) && !Structure(opcode) && !Object(opcode)) throw Refused(opcode);
        }
        throw stream.Bad($"it takes more than {MaximumSteps} steps");
    }

    // Numbers and texts.
    bool Value(byte opcode)
    {
        switch (opcode)
        {
            case (byte)'N': _stack.Push(null); return true;
            case 0x88: _stack.Push(true); return true;
            case 0x89: _stack.Push(false); return true;
            case (byte)'I': _stack.Push(TextInteger()); return true;
            case (byte)'J': _stack.Push((long)(int)stream.Number(4)); return true;
            case (byte)'K': _stack.Push((long)stream.Byte()); return true;
            case (byte)'M': _stack.Push((long)stream.Number(2)); return true;
            case (byte)'L': _stack.Push(Integer(stream.Line().TrimEnd('L'))); return true;
            case 0x8a: _stack.Push(LongInteger(stream.Number(1))); return true;
            case 0x8b: _stack.Push(LongInteger(stream.Number(4))); return true;
            case (byte)'F': _stack.Push(TextFloat()); return true;
            case (byte)'G': _stack.Push(BitConverter.UInt64BitsToDouble(System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(stream.Number(8)))); return true;
            case 0x8c: _stack.Push(Text(stream.Number(1), stream.Text)); return true;
            case (byte)'X': _stack.Push(Text(stream.Number(4), stream.Text)); return true;
            case 0x8d: _stack.Push(Text(stream.Number(8), stream.Text)); return true;
            // Python 2 made no difference between a text and bytes.
            case (byte)'U': _stack.Push(Text(stream.Number(1), TextOrBytes)); return true;
            case (byte)'T': _stack.Push(Text(stream.Number(4), TextOrBytes)); return true;
            case (byte)'C': _stack.Push(Bytes(stream.Number(1))); return true;
            case (byte)'B': _stack.Push(Bytes(stream.Number(4))); return true;
            case 0x8e or 0x96: _stack.Push(Bytes(stream.Number(8))); return true;
            default: return false;
        }
    }

    bool Container(byte opcode)
    {
        switch (opcode)
        {
            case (byte)')': _stack.Push(new PickleTuple([])); return true;
            case (byte)'t': _stack.Push(new PickleTuple(_stack.PopToMark())); return true;
            case 0x85 or 0x86 or 0x87:
                var items = new object?[opcode - 0x84];
                for (var i = items.Length - 1; i >= 0; i--) items[i] = _stack.Pop();
                _stack.Push(new PickleTuple(items));
                return true;
            case (byte)']': _stack.Push(new PickleList()); return true;
            case (byte)'l':
                var list = new PickleList();
                _stack.Append(list, _stack.PopToMark());
                _stack.Push(list);
                return true;
            case (byte)'a':
                var item = _stack.Pop();
                _stack.Append(_stack.Peek(), [item]);
                return true;
            case (byte)'e':
                var more = _stack.PopToMark();
                _stack.Append(_stack.Peek(), more);
                return true;
            case (byte)'}': _stack.Push(new PickleDict()); return true;
            case (byte)'d':
                var dict = new PickleDict();
                _stack.Set(dict, _stack.PopToMark());
                _stack.Push(dict);
                return true;
            case (byte)'s':
                var value = _stack.Pop();
                var key = _stack.Pop();
                _stack.Set(_stack.Peek(), [key, value]);
                return true;
            case (byte)'u':
                var entries = _stack.PopToMark();
                _stack.Set(_stack.Peek(), entries);
                return true;
            case 0x8f: _stack.Push(new PickleOpaque("set")); return true;
            case 0x90: // adds to a set, which is not built
                _stack.PopToMark();
                if (_stack.Peek() is not PickleOpaque) throw stream.Bad("members are added to what is no set");
                return true;
            case 0x91: _stack.PopToMark(); _stack.Push(new PickleOpaque("frozenset")); return true;
            default: return false;
        }
    }

    bool Structure(byte opcode)
    {
        switch (opcode)
        {
            case 0x80:
                if (stream.Byte() is var protocol and > HighestProtocol) throw stream.Bad($"pickle protocol {protocol}, expected at most {HighestProtocol}");
                return true;
            case 0x95: // a frame only says how much follows
                if (stream.Number(8) is var frame && frame > (ulong)stream.Remaining) throw stream.Bad($"a frame of {frame} bytes, and {stream.Remaining} are left: cut short?");
                return true;
            case (byte)'(': _stack.Mark(); return true;
            case (byte)'0':
                if (_stack.AtMark) _stack.PopToMark();
                else _stack.Pop();
                return true;
            case (byte)'1': _stack.PopToMark(); return true;
            case (byte)'q': _stack.Memoize(stream.Byte()); return true;
            case (byte)'r': _stack.Memoize((uint)stream.Number(4)); return true;
            case (byte)'p': _stack.Memoize(MemoName()); return true;
            case 0x94: _stack.Memoize(); return true;
            case (byte)'h': _stack.Push(_stack.Recall(stream.Byte())); return true;
            case (byte)'j': _stack.Push(_stack.Recall((uint)stream.Number(4))); return true;
            case (byte)'g': _stack.Push(_stack.Recall(MemoName())); return true;
            default: return false;
        }
    }

    // Where Python would look up and call, we look into a fixed list.
    bool Object(byte opcode)
    {
        switch (opcode)
        {
            case (byte)'c':
                var module = stream.Line();
                _stack.Push(new PickleGlobal(module, stream.Line()));
                return true;
            case 0x93:
                var (name, owner) = (_stack.Pop(), _stack.Pop());
                _stack.Push(name is string text && owner is string space ? new PickleGlobal(space, text) : throw stream.Bad("a class is named by something that is no text"));
                return true;
            case (byte)'R' or 0x81:
                var arguments = _stack.Pop();
                _stack.Push(Built(_stack.Pop(), arguments));
                return true;
            case 0x92:
                _stack.Pop();
                var positional = _stack.Pop();
                _stack.Push(Built(_stack.Pop(), positional));
                return true;
            case (byte)'b':
                _stack.Pop();
                // Attributes: of an OrderedDict its metadata, of a parameter its hooks; nothing a number depends on.
                if (_stack.Peek() is not (PickleDict or TorchTensor or PickleOpaque)) throw stream.Bad($"attributes are set on {PickleDescription.Of(_stack.Peek())}");
                return true;
            case (byte)'Q':
                _stack.Push(_stack.Pop() is PickleTuple id ? objects.Persistent(id, stream) : throw stream.Bad("a persistent id that is no tuple"));
                return true;
            default: return false;
        }
    }

    object? Built(object? callable, object? arguments)
    {
        if (arguments is PickleOpaque) return new PickleOpaque(callable is PickleGlobal named ? named.ToString() : "an unknown kind");
        if (arguments is not PickleTuple tuple) throw stream.Bad($"arguments are {PickleDescription.Of(arguments)}, expected a tuple");
        return callable switch
        {
            PickleGlobal global => objects.Build(global, tuple, stream),
            PickleOpaque => callable,
            _ => throw stream.Bad($"{PickleDescription.Of(callable)} stands where a class or function should"),
        };
    }

    object Text(ulong length, Func<byte[], object> decode)
    {
        if (length > MaximumText)
        {
            stream.Skip(length);
            return new PickleOpaque($"a text of {length} bytes");
        }
        if ((_texts += (int)length) > MaximumTexts) throw stream.Bad($"its texts together take more than {MaximumTexts} bytes");
        return decode(stream.Bytes((int)length));
    }

    static object TextOrBytes(byte[] bytes) => Utf8.IsValid(bytes) ? Encoding.UTF8.GetString(bytes) : new PickleOpaque($"{bytes.Length} bytes");

    PickleOpaque Bytes(ulong length)
    {
        stream.Skip(length);
        return new PickleOpaque($"{length} bytes");
    }

    object LongInteger(ulong bytes)
    {
        if (bytes > MaximumNumberBytes) throw stream.Bad($"a number of {bytes} bytes, expected at most {MaximumNumberBytes}");
        return Narrowed(new BigInteger(stream.Bytes((int)bytes)));
    }

    object TextInteger() => stream.Line() switch
    {
        "00" => false,
        "01" => true,
        var digits => Integer(digits),
    };

    object Integer(string digits) =>
        digits.Length <= MaximumNumberBytes && BigInteger.TryParse(digits, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            ? Narrowed(number)
            : throw stream.Bad($"'{digits}' is no whole number");

    object TextFloat() => stream.Line() switch
    {
        "inf" => double.PositiveInfinity,
        "-inf" => double.NegativeInfinity,
        "nan" => double.NaN,
        var text when double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) => number,
        var text => throw stream.Bad($"'{text}' is no number"),
    };

    uint MemoName() => stream.Line() is var text && uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var name) ? name : throw stream.Bad($"'{text}' is no name of a memo");

    // The cast keeps the long from becoming a BigInteger, the type both branches could share.
    static object Narrowed(BigInteger number) => number >= long.MinValue && number <= long.MaxValue ? (object)(long)number : number;

    Exception Refused(byte opcode) => stream.Bad(opcode switch
    {
        (byte)'P' => "the opcode PERSID, a persistent id as text",
        (byte)'i' => "the opcode INST, which makes an object of a class",
        (byte)'o' => "the opcode OBJ, which makes an object of a class",
        (byte)'2' => "the opcode DUP",
        (byte)'S' or (byte)'V' => $"the opcode {(opcode == 'S' ? "STRING" : "UNICODE")}, a text of protocol 0: save the file again with a newer protocol",
        0x82 or 0x83 or 0x84 => "the opcode EXT, an object by its number in a registry",
        0x97 or 0x98 => "the opcode NEXT_BUFFER or READONLY_BUFFER, whose bytes are outside the file",
        _ => string.Create(CultureInfo.InvariantCulture, $"no opcode of a pickle: 0x{opcode:x2}"),
    });
}
