using System.IO.Compression;
using KdRobust.Domain.Runs;
using KdRobust.Learning.Weights;
using KdRobust.Learning.Weights.Import;
using KdRobust.Support;
using static KdRobust.Learning.Tests.Weights.TorchFileBytes;
using static TorchSharp.torch;

namespace KdRobust.Learning.Tests.Weights;

/// <summary>Whole files, right and hostile, in both of PyTorch's containers.</summary>
public sealed class TorchFilesTests : IDisposable
{
    readonly string _path = Path.GetTempFileName();

    public void Dispose() => File.Delete(_path);

    IWeightsFile Open(byte[] bytes)
    {
        File.WriteAllBytes(_path, bytes);
        return WeightsFile.Open(_path);
    }

    string Refusal(byte[] bytes)
    {
        var refusal = Should.Throw<RunInputException>(() => Open(bytes).Dispose()).Message;
        refusal.ShouldStartWith(_path);
        return refusal;
    }

    static void ShouldBeSmall(IWeightsFile file)
    {
        using var scope = NewDisposeScope();
        file.Tensors.Select(tensor => tensor.Name).ShouldBe(["a", "b"]);
        file.Load("a").shape.ShouldBe([2, 3]);
        file.Load("a").cpu().data<float>().ToArray().ShouldBe(Six);
        file.Load("b").cpu().data<float>().ToArray().ShouldBe([4f, 5, 6]);
    }

    [DeviceFact]
    public void Both_containers_are_read_whatever_the_file_is_called()
    {
        using (var legacy = Open(SmallLegacy()))
        {
            legacy.Source.ShouldBe("PyTorch legacy file, top level");
            ShouldBeSmall(legacy);
        }
        using (var zip = Open(Zip(SmallEntries())))
        {
            zip.Source.ShouldBe("PyTorch zip file, top level");
            ShouldBeSmall(zip);
        }
        using var packed = Open(Zip(CompressionLevel.SmallestSize, SmallEntries()));
        ShouldBeSmall(packed);
    }

    [DeviceFact]
    public void A_transposed_tensor_is_read_in_its_own_order()
    {
        using var scope = NewDisposeScope();
        using var file = Open(Legacy(Dict(("t", Tensor(Storage("0", 6), 0, [3, 2], [1, 3]))), ("0", Six)));
        file.Load("t").cpu().data<float>().ToArray().ShouldBe([1f, 4, 2, 5, 3, 6]);
    }

    [DeviceTheory]
    [InlineData("state_dict")]
    [InlineData("model")]
    [InlineData("net")]
    [InlineData("model_state_dict")]
    public void The_state_dict_is_found_beside_what_is_not_built(string place)
    {
        var root = Dict(("epoch", "K\u0003"), ("best", "cnumpy\nscalar\n)R"), ("optimizer", "ctorch.optim\nSGD\n)\u0081}b"), (place, SmallDict()));
        using var file = Open(Legacy(root, ("0", Six)));
        file.Source.ShouldBe($"PyTorch legacy file, {place}");
        ShouldBeSmall(file);
    }

    [DeviceFact]
    public void No_state_dict_or_more_than_one_is_refused_by_name()
    {
        Refusal(Legacy(Dict(("state_dict", SmallDict()), ("net", SmallDict())), ("0", Six))).ShouldContain("more than one state dict: state_dict, net");
        var top = Refusal(Legacy(Dict(("epoch", "K\u0003"), ("model", "cmodels\nResNet\n)\u0081"), ("ema", SmallDict())), ("0", Six)));
        top.ShouldContain("no state dict: expected tensors at the top level or under state_dict, model, net, model_state_dict");
        top.ShouldContain("'model': an object of models.ResNet, which is not built");
        Refusal(Legacy("cmodels\nResNet\n)\u0081")).ShouldContain("holds an object of models.ResNet, which is not built, expected a dict of tensors: save model.state_dict()");
        Refusal(Legacy("}")).ShouldContain("it holds nothing");
    }

    [DeviceFact]
    public void What_is_no_tensor_among_tensors_is_named()
    {
        using var file = Open(Legacy(Dict(("a", Tensor(Storage("0", 6), 0, [6], [1])), ("evil", "cposix\nsystem\nX\u0002\0\0\0ls\u0085R"), ("epoch", "K\u0001")), ("0", Six)));
        file.Tensors.Count.ShouldBe(1);
        file.Others.ShouldBe([("evil", "an object of posix.system, which is not built"), ("epoch", "the number 1")]);
    }

    [DeviceFact]
    public void A_file_cut_anywhere_is_refused()
    {
        foreach (var whole in new[] { SmallLegacy(), Zip(SmallEntries()) })
            for (var length = 0; length < whole.Length; length++)
                Refusal(whole[..length]);
    }

    [DeviceFact]
    public void A_changed_byte_anywhere_never_crashes()
    {
        foreach (var whole in new[] { SmallLegacy(), Zip(SmallEntries()), Zip(CompressionLevel.SmallestSize, SmallEntries()) })
        {
            for (var at = 0; at < whole.Length; at++)
            {
                var changed = whole.ToArray();
                changed[at] ^= 0x15;
                try
                {
                    using var scope = NewDisposeScope();
                    using var file = Open(changed);
                    foreach (var tensor in file.Tensors) file.Load(tensor.Name);
                }
                catch (RunInputException)
                {
                    // Refused, which is right; a number or a name may also change into another valid one.
                }
            }
        }
    }

    [DeviceFact]
    public void A_legacy_file_must_be_consistent()
    {
        var small = SmallDict();
        Refusal(Legacy(small, ("0", Six[..5]))).ShouldContain("storage '0' has 5 elements");
        Refusal(Legacy(small, ("1", Six))).ShouldContain("storage '1' is of a kind whose length is not known, or of no object");
        Refusal(Legacy(small, "]")).ShouldContain("'a' needs storage '0', which is not among its storages");
        Refusal(Legacy(small, $"]({Text("0")}{Text("0")}e", ("0", Six))).ShouldContain("not different texts");
        Refusal(Legacy(small, "}")).ShouldContain("the keys of its storages are a dict");
        Refusal([.. SmallLegacy(), 0]).ShouldContain("1 bytes follow its last storage");
        Refusal(Legacy(Dict(("a", Tensor(Storage("0", 1L << 40), 0, [1], [1]))), ("0", Six))).ShouldContain("storage '0' has 6 elements");
        Refusal(Latin(LegacyHead.Replace('\u0088', '\u0089') + Pickle(small))).ShouldContain("big-endian");
        Refusal(Latin(LegacyHead.Replace('\u00e9', '\u00e8') + Pickle(small))).ShouldContain("its version is not 1001");
        Refusal(Latin(Pickle(small))).ShouldContain("not with the magic number of a PyTorch file");
        Refusal([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]).ShouldContain("begins like neither");
    }

    [DeviceFact]
    public void Tensors_that_share_storages_without_end_are_refused()
    {
        var many = Dict(Enumerable.Range(0, 400).Select(i => ($"t{i}", Tensor(Storage("0", 6), 0, [6], [1]))).ToArray());
        using (Open(Legacy(many, ("0", Six))))
        {
            // 9,600 bytes of tensors in a file that takes more for their names.
        }
        var numbers = new float[40_000];
        var shared = Dict(Enumerable.Range(0, 3).Select(i => ($"t{i}", Tensor(Storage("0", numbers.Length), 0, [numbers.Length], [1]))).ToArray());
        Refusal(Legacy(shared, ("0", numbers))).ShouldContain("more than twice the file's");
        Refusal(Legacy(Dict(("t", Tensor(Storage("0", numbers.Length), 0, [2], [30_000]))), ("0", numbers))).ShouldContain("touches 30001 elements");
    }

    [DeviceFact]
    public void A_zip_must_be_PyTorchs_and_consistent()
    {
        var small = SmallEntries();
        var pickle = small[0];
        byte[] With(params (string, byte[])[] more) => Zip([.. small, .. more]);

        Refusal(With(("archive/data/0", Bytes(Six)))).ShouldContain("the entry archive/data/0 is there twice");
        Refusal(With(("../../etc/passwd", [1]))).ShouldContain("leads outside the file: '../../etc/passwd'");
        Refusal(With(("/etc/passwd", [1]))).ShouldContain("leads outside the file");
        Refusal(With(("a\\..\\b", [1]))).ShouldContain("leads outside the file");
        Refusal(With(("archive/constants.pkl", [1]))).ShouldContain("TorchScript");
        Refusal(With(("other/data.pkl", [1]))).ShouldContain("2 entries NAME/data.pkl");
        Refusal(Zip(small[1..])).ShouldContain("0 entries NAME/data.pkl");
        Refusal(Zip(pickle)).ShouldContain("'a' needs the entry archive/data/0");
        Refusal(Zip(pickle, ("archive/data/0", Bytes(Six[..5])))).ShouldContain("has 20 bytes, but storage '0' of 6 F32 takes 24");
        Refusal(Zip(pickle, ("archive/data/0", [.. Bytes(Six), 0]))).ShouldContain("has 25 bytes");
        Refusal(Zip(pickle, ("archive/data/0", Bytes(Six)), ("archive/byteorder", "big"u8.ToArray()))).ShouldContain("byte order is 'big'");
        Refusal(Zip(("archive/data.pkl", Latin(Pickle(SmallDict()) + "N")), ("archive/data/0", Bytes(Six)))).ShouldContain("1 bytes follow its end");
        Refusal(Zip(("archive/data.pkl", Latin("P1\n.")), ("archive/data/0", Bytes(Six)))).ShouldContain("entry archive/data.pkl: not a PyTorch file that can be read: the opcode PERSID");
    }

    [DeviceFact]
    public void A_zip_bomb_is_refused_before_it_is_unpacked()
    {
        var zeros = new byte[64 << 20];
        var bomb = Zip(CompressionLevel.Fastest, ("archive/data.pkl", Latin(Pickle(Dict(("a", Tensor(Storage("0", zeros.Length / 4), 0, [zeros.Length / 4], [1])))))), ("archive/data/0", zeros));
        bomb.Length.ShouldBeLessThan(1 << 20);

        var before = GC.GetAllocatedBytesForCurrentThread();
        Refusal(bomb).ShouldContain("would unpack to more than 4 times");
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(8L << 20);
    }

    [DeviceTheory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_zip_of_a_million_empty_entries_is_refused_before_an_object_is_made_of_each(bool large)
    {
        var bomb = ManyEntries(1_000_000, large);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Refusal(bomb).ShouldContain("its directory takes");
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(4L << 20);
    }

    [DeviceFact]
    public void Entries_that_share_their_bytes_are_counted_each()
    {
        // A bomb without compression's help: a directory of five hundred entries that all point to the same local one.
        var content = new byte[200_000];
        var one = Zip(("archive/data.pkl", Latin(Pickle(SmallDict()))), ("archive/data/0", content));
        var entry = one.AsSpan().LastIndexOf("archive/data/0"u8) - 46;
        var header = one[entry..(entry + 46 + "archive/data/0".Length)];
        using var bomb = new MemoryStream();
        bomb.Write(one.AsSpan(0, entry));
        for (var i = 0; i < 500; i++)
        {
            Latin($"{i:000}").CopyTo(header, header.Length - 3);
            bomb.Write(header);
        }
        var end = one[^22..];
        BitConverter.TryWriteBytes(end.AsSpan(8), (ushort)501);
        BitConverter.TryWriteBytes(end.AsSpan(10), (ushort)501);
        BitConverter.TryWriteBytes(end.AsSpan(12), (int)(bomb.Length - BitConverter.ToUInt32(end.AsSpan(16))));
        bomb.Write(end);
        Refusal(bomb.ToArray()).ShouldContain("would unpack to more than 4 times");
    }

    [DeviceFact]
    public void A_zip_in_a_zip_is_bytes_and_nothing_else()
    {
        var inner = Zip(CompressionLevel.SmallestSize, ("archive/data/0", new byte[8 << 20]));
        var small = SmallEntries();
        using (Open(Zip([.. small, ("archive/nested.zip", inner)])))
        {
            // Not looked at.
        }
        Refusal(Zip(small[0], ("archive/data/0", inner))).ShouldContain("but storage '0' of 6 F32 takes 24");
    }

    [DeviceTheory]
    [InlineData(1L << 40, 1)]
    [InlineData(6, 1L << 40)]
    [InlineData(long.MaxValue, 1)]
    [InlineData(6, long.MaxValue)]
    public void A_shape_of_terabytes_asks_for_no_memory(long storage, long rows)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        foreach (var strides in new long[][] { [1, 1], [0, 0], [0, 1] })
        {
            // A row that is repeated without end takes no bytes of its storage.
            var root = Dict(("t", Tensor(Storage("0", storage), 0, [rows, storage], strides)));
            foreach (var file in new[] { Legacy(root, ("0", Six)), Zip(("archive/data.pkl", Latin(Pickle(root))), ("archive/data/0", Bytes(Six))) })
                Refusal(file).ShouldContain("'");
        }
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(4L << 20);
    }

    [DeviceFact]
    public void A_zip_whose_directory_lies_about_a_length_is_refused_when_it_is_read()
    {
        // The central directory is last: its second length field of the storage's entry is made larger, and the storage with it.
        var bytes = Zip(CompressionLevel.SmallestSize, ("archive/data.pkl", Latin(Pickle(Dict(("a", Tensor(Storage("0", 7), 0, [7], [1])))))), ("archive/data/0", Bytes(Six)));
        var entry = bytes.AsSpan().LastIndexOf("archive/data/0"u8) - 46;
        bytes[entry + 24].ShouldBe((byte)24);
        bytes[entry + 24] = 28;
        using var scope = NewDisposeScope();

        using var file = Open(bytes);
        Should.Throw<RunInputException>(() => file.Load("a")).Message.ShouldContain("the entry archive/data/0 cannot be read");
    }

    [DeviceFact]
    public void A_safetensors_file_is_told_by_its_content()
    {
        using var scope = NewDisposeScope();
        using (var stream = File.Create(_path))
            new SafetensorsWriter(new Dictionary<string, Tensor> { ["a"] = tensor(Six, [2, 3]) }, new Dictionary<string, string>()).WriteTo(stream);

        using var file = WeightsFile.Open(_path);

        file.Source.ShouldBe("safetensors file, top level");
        file.Load("a").cpu().data<float>().ToArray().ShouldBe(Six);
        file.Others.ShouldBeEmpty();
    }
}
