using System.Numerics;
using KdRobust.Domain.Runs;
using KdRobust.Learning.Weights.Pickles;
using KdRobust.Support;
using static KdRobust.Learning.Tests.Weights.TorchFileBytes;

namespace KdRobust.Learning.Tests.Weights;

/// <summary>What a pickle may say, and what it may not. No object of another program is ever made.</summary>
public sealed class PickleReaderTests
{
    static object? Read(string pickle) => Read(Latin(pickle));

    static object? Read(byte[] pickle) => new PickleReader(new PickleStream(new MemoryStream(pickle), pickle.Length, "w.th"), new TorchObjects()).Read();

    static string Refusal(string pickle)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        var refusal = Should.Throw<RunInputException>(() => Read(pickle)).Message;
        // Whatever a few bytes announce, memory is asked for what is there. (The test's own bytes are counted, too.)
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan((96L << 20) + 8L * pickle.Length);
        refusal.ShouldStartWith("w.th: not a PyTorch file that can be read:");
        refusal.ShouldContain("before byte");
        return refusal;
    }

    public static TheoryData<string, object?> Plain => new()
    {
        { "N.", null },
        { "\u0088.", true },
        { "\u0089.", false },
        { "I01\n.", true },
        { "I-7\n.", -7L },
        { "J\u00ff\u00ff\u00ff\u00ff.", -1L },
        { "K\u00ff.", 255L },
        { "M\u00e9\u0003.", 1001L },
        { "L123L\n.", 123L },
        { "\u008a\u0001\u00ff.", -1L },
        { "\u008a\0.", 0L },
        { "\u008b\u0002\0\0\0\0\u0001.", 256L },
        { "G?\u00f8\0\0\0\0\0\0.", 1.5 },
        { "F2.5e3\n.", 2500.0 },
        { "Finf\n.", double.PositiveInfinity },
        { "\u008c\u0002hi.", "hi" },
        { "X\u0002\0\0\0\u00c3\u00a4.", "ä" },
        { "\u008d\u0001\0\0\0\0\0\0\0a.", "a" },
        { "U\u0002hi.", "hi" },
        { "T\u0002\0\0\0hi.", "hi" },
        { "\u0080\u0004\u0095\u0002\0\0\0\0\0\0\0K\u0005.", 5L },
        { "K\u0001K\u00020.", 1L },
        { "K\u0001(K\u0002K\u00031.", 1L },
        { "K\u0001(0.", 1L },
    };

    [DeviceTheory]
    [MemberData(nameof(Plain))]
    public void Numbers_texts_and_None_are_read(string pickle, object? value) => Read(pickle).ShouldBe(value);

    [DeviceFact]
    public void A_number_wider_than_64_bits_is_read()
    {
        Read("\u008a\u0009\0\0\0\0\0\0\0\0\u0001.").ShouldBe(BigInteger.One << 64);
        Read("L-18446744073709551616L\n.").ShouldBe(-(BigInteger.One << 64));
    }

    [DeviceFact]
    public void Containers_are_read_and_named_again_by_every_kind_of_memo()
    {
        var dict = Read($"}}q\0({Text("list")}](K\u0001K\u0002er\u0001\0\0\0{Text("again")}j\u0001\0\0\0{Text("pair")}K\u0001K\u0002\u0086\u0094{Text("p")}p9\ng9\nu.").ShouldBeOfType<PickleDict>();

        dict.TryGet("list", out var list).ShouldBeTrue();
        list.ShouldBeOfType<PickleList>().Items.ShouldBe([1L, 2L]);
        dict.TryGet("again", out var again).ShouldBeTrue();
        again.ShouldBeSameAs(list);
        dict.TryGet("pair", out var pair).ShouldBeTrue();
        pair.ShouldBeOfType<PickleTuple>().Items.ShouldBe([1L, 2L]);
        dict.TryGet("p", out var name).ShouldBeTrue();
        name.ShouldBe("p");
    }

    [DeviceTheory]
    [InlineData("cposix\nsystem\n(X\u0002\0\0\0lstR.", "posix.system")]
    [InlineData("cbuiltins\neval\n(X\u0002\0\0\01/tR.", "builtins.eval")]
    [InlineData("\u008c\u0005posix\u008c\u0006system\u0093\u008c\u0002ls\u0085R.", "posix.system")]
    [InlineData("cmodels.resnet\nResNet\n)\u0081}b.", "models.resnet.ResNet")]
    [InlineData("cmodels.resnet\nResNet\n)}\u0092.", "models.resnet.ResNet")]
    [InlineData("cbuiltins\ngetattr\n(cos\nx\nX\u0001\0\0\0atRK\u0001\u0085R.", "builtins.getattr")]
    [InlineData("cnumpy.core.multiarray\nscalar\n(cnumpy\ndtype\nX\u0002\0\0\0f8\u0085RC\u0008\0\0\0\0\0\0\0\0tR.", "numpy.core.multiarray.scalar")]
    [InlineData("ctorch\nFloatStorage\n)R.", "torch.FloatStorage")]
    [InlineData("ccollections\ndefaultdict\ncbuiltins\nlist\n\u0085R(K\u0001K\u0002u.", "collections.defaultdict")]
    [InlineData("\u008f(K\u0001\u0090.", "set")]
    [InlineData("(K\u0001\u0091.", "frozenset")]
    [InlineData("C\u0003abc.", "3 bytes")]
    [InlineData("U\u0001\u00ff.", "1 bytes")]
    public void Any_other_object_is_not_made_and_carries_its_name(string pickle, string what) => Read(pickle).ShouldBe(new PickleOpaque(what));

    [DeviceFact]
    public void Nothing_is_executed()
    {
        var marker = Path.Combine(Path.GetTempPath(), $"kdr-executed-{Guid.NewGuid():n}");
        foreach (var (module, function, argument) in new[] { ("posix", "system", $"touch {marker}"), ("os", "system", $"touch {marker}"), ("builtins", "exec", $"open('{marker}','w')"), ("System.IO.File", "Create", marker), ("subprocess", "call", $"touch {marker}") })
            Read($"c{module}\n{function}\n{Text(argument)}\u0085R.").ShouldBe(new PickleOpaque($"{module}.{function}"));
        File.Exists(marker).ShouldBeFalse();
    }

    [DeviceTheory]
    [InlineData("P1\n.", "PERSID")]
    [InlineData("(iposix\nsystem\n.", "INST")]
    [InlineData("(cposix\nsystem\no.", "OBJ")]
    [InlineData("N2.", "DUP")]
    [InlineData("S'abc'\n.", "STRING")]
    [InlineData("Vabc\n.", "UNICODE")]
    [InlineData("\u0082\u0001.", "EXT")]
    [InlineData("\u0097.", "NEXT_BUFFER")]
    [InlineData("\u00ff.", "no opcode of a pickle: 0xff")]
    [InlineData("\u0080\u0006.", "pickle protocol 6")]
    public void An_opcode_that_no_file_needs_is_refused_by_name(string pickle, string name) => Refusal(pickle).ShouldContain(name);

    [DeviceTheory]
    [InlineData("\u008d\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u007f.", "are announced and 1 are left")]
    [InlineData("\u008d\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff.", "are announced and 1 are left")]
    [InlineData("X\u00ff\u00ff\u00ff\u00ff.", "are announced and 1 are left")]
    [InlineData("X\u0064\0\0\0.", "100 bytes are announced and 1 are left")]
    [InlineData("B\u00ff\u00ff\u00ff\u007f.", "are announced and 1 are left")]
    [InlineData("\u008e\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u007f.", "are announced and 1 are left")]
    [InlineData("\u0096\0\0\0\0\0\0\0\u0080.", "are announced and 1 are left")]
    [InlineData("\u008b\u00ff\u00ff\u00ff\u007f.", "a number of 2147483647 bytes")]
    [InlineData("\u0095\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u007f.", "a frame of")]
    [InlineData("", "ends too early")]
    [InlineData("J\0", "ends too early")]
    [InlineData("cposix", "ends too early")]
    public void A_count_is_never_believed_beyond_the_file(string pickle, string reason) => Refusal(pickle).ShouldContain(reason);

    [DeviceTheory]
    [InlineData(".", "0 values")]
    [InlineData("NN.", "2 values")]
    [InlineData("N(.", "1 open sequences")]
    [InlineData("a.", "taken where there is none")]
    [InlineData("(q\0.", "asked for where there is none")]
    [InlineData("t.", "ends that did not begin")]
    [InlineData("h\u0005.", "its memo has no value 5")]
    [InlineData("g-1\n.", "no name of a memo")]
    [InlineData("K\u0001)R.", "the number 1 stands where a class or function should")]
    [InlineData("cx\ny\nK\u0001R.", "arguments are the number 1")]
    [InlineData("K\u0001K\u0002\u0093.", "no text")]
    [InlineData("](K\u0001K\u0002u.", "entries are added to a list")]
    [InlineData("}K\u0001a.", "items are added to a dict")]
    [InlineData("}(K\u0001u.", "a key without a value")]
    [InlineData("}(X\u0001\0\0\0aNX\u0001\0\0\0aNu.", "the key 'a' twice")]
    [InlineData("X\u0001\0\0\0aNb.", "attributes are set on a text")]
    [InlineData("X\u0001\0\0\0\u00ff.", "not UTF-8")]
    [InlineData("Iabc\n.", "'abc' is no whole number")]
    [InlineData("Fabc\n.", "'abc' is no number")]
    [InlineData("NQ.", "a persistent id that is no tuple")]
    [InlineData("K\u0001\u0085Q.", "a persistent id of another form")]
    [InlineData("ccollections\nOrderedDict\nK\u0001\u0085R.", "arguments it does not take")]
    [InlineData("ctorch._utils\n_rebuild_tensor_v2\n)R.", "arguments it does not take")]
    public void What_makes_no_sense_is_refused(string pickle, string reason) => Refusal(pickle).ShouldContain(reason);

    public static TheoryData<string, string> Bombs => new()
    {
        { new string(')', 1) + new string('\u0085', 100) + ".", "nested more than 64 deep" },
        { new string(']', 100) + new string('a', 99) + ".", "nested more than 64 deep" },
        { string.Concat(Enumerable.Repeat("}N", 99)) + "N" + new string('s', 99) + ".", "nested more than 64 deep" },
        { new string('(', 1001), "more than 1000 sequences are open" },
        { new string('N', 200_001), "more than 200000 values wait" },
        { "]" + new string('\u0094', 500_001) + ".", "memo has more than 500000 values" },
        { string.Concat(Enumerable.Repeat("N0", 2_000_001)), "more than 4000000 steps" },
        { string.Concat(Enumerable.Repeat($"X{Number(65536)}{new string('a', 65536)}0", 257)), "texts together take more than" },
        { "c" + new string('a', 2000) + "\nb\n.", "a line of more than 1024 bytes" },
    };

    [DeviceTheory]
    [MemberData(nameof(Bombs), DisableDiscoveryEnumeration = true)]
    public void Depth_height_memo_steps_and_texts_are_bounded(string pickle, string reason) => Refusal(pickle).ShouldContain(reason);

    [DeviceFact]
    public void A_list_that_names_lists_that_name_lists_costs_what_its_bytes_cost()
    {
        // Each of 60 lists names the one before it a thousand times: 1000^60 leaves, were they ever visited.
        var pickle = Latin("(]q\0" + string.Concat(Enumerable.Range(1, 60).Select(i => $"]q{(char)i}({string.Concat(Enumerable.Repeat($"h{(char)(i - 1)}", 1000))}e")) + "t.");
        var before = GC.GetAllocatedBytesForCurrentThread();
        Read(pickle).ShouldBeOfType<PickleTuple>().Items.Count.ShouldBe(61);
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(8L << 20);
    }

    [DeviceFact]
    public void A_text_too_long_to_be_a_name_is_passed_over() =>
        Read($"X{Number(100_000)}{new string('a', 100_000)}.").ShouldBe(new PickleOpaque("a text of 100000 bytes"));

    [DeviceTheory]
    [InlineData(0, new long[] { 2, 3 }, new long[] { 3, 1 }, true)]
    [InlineData(0, new long[] { 3, 2 }, new long[] { 1, 3 }, true)]
    [InlineData(5, new long[0], new long[0], true)]
    [InlineData(6, new long[] { 0 }, new long[] { 1 }, true)]
    [InlineData(6, new long[0], new long[0], false)]
    [InlineData(0, new long[] { 7 }, new long[] { 1 }, false)]
    [InlineData(1, new long[] { 6 }, new long[] { 1 }, false)]
    [InlineData(0, new long[] { 2, 3 }, new long[] { 4, 1 }, false)]
    [InlineData(-1, new long[] { 2 }, new long[] { 1 }, false)]
    [InlineData(0, new long[] { -2 }, new long[] { 1 }, false)]
    [InlineData(0, new long[] { 2 }, new long[] { -1 }, false)]
    [InlineData(0, new long[] { 2, 3 }, new long[] { 1 }, false)]
    [InlineData(0, new long[] { 1_000_000_000 }, new long[] { 0 }, false)]
    [InlineData(0, new long[] { 2 }, new long[] { long.MaxValue }, false)]
    [InlineData(long.MaxValue, new long[] { 2 }, new long[] { long.MaxValue }, false)]
    [InlineData(0, new long[] { long.MaxValue, long.MaxValue, long.MaxValue }, new long[] { 1, 1, 1 }, false)]
    [InlineData(0, new long[] { 4294967296, 4294967296 }, new long[] { 0, 0 }, false)]
    [InlineData(0, new long[] { 1, 1, 1, 1, 1, 1, 1, 1, 1 }, new long[] { 1, 1, 1, 1, 1, 1, 1, 1, 1 }, false)]
    public void A_tensor_lies_inside_its_storage(long offset, long[] shape, long[] strides, bool fits)
    {
        var pickle = Pickle(Tensor(Storage("0", 6), offset, shape, strides));
        if (fits) Read(pickle).ShouldBeOfType<TorchTensor>().Shape.ShouldBe(shape);
        else Refusal(pickle).ShouldContain("storage '0'", Case.Sensitive);
    }

    [DeviceFact]
    public void Storages_are_checked_and_those_of_unknown_types_are_not_built()
    {
        Refusal(Storage("0", -1) + ".").ShouldContain("storage '0' has -1 elements");
        Refusal(Storage("0", long.MaxValue) + ".").ShouldContain("storage '0' has 9223372036854775807 elements");
        Refusal($"{Storage("0", 6)}{Storage("0", 7)}.").ShouldContain("storage '0' is 6 of F32 at one place and 7 of F32 at another");
        Refusal($"({Text("storage")}ctorch\nFloatStorage\n{Text("0")}{Text("cpu")}K\u0001({Text("view")}K\0K\u0001ttQ.").ShouldContain("a part of another one");
        Read(Storage("0", 6, "QInt8Storage") + ".").ShouldBe(new PickleOpaque("torch.QInt8Storage"));
        Read(Tensor(Storage("0", 6, "QInt8Storage"), 0, [6], [1]) + ".").ShouldBe(new PickleOpaque("a tensor of torch.QInt8Storage"));
        Read(Storage("0", 6).Replace("ctorch\n", "ctorch.cuda\n", StringComparison.Ordinal) + ".").ShouldBe(new TorchStorage("0", Learning.Weights.ElementType.F32, 6));
    }
}
