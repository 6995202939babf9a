namespace KdRobust.Domain.Experiments;

/// <summary>One file of a data set: its name inside the set's folder, its size and its SHA-256.</summary>
public sealed record DatasetFile(string Name, int Records, string Sha256);

/// <summary>What is known of each data set: files in the canonical binary layout (1 label byte + 3072 bytes CHW RGB a record).</summary>
public sealed record DatasetFacts(string Folder, IReadOnlyList<DatasetFile> Train, IReadOnlyList<DatasetFile> Test, string Version)
{
    public int TrainImages => Train.Sum(f => f.Records);
    public int TestImages => Test.Sum(f => f.Records);

    /// <summary>What enters a fingerprint: the content, not the place.</summary>
    public IEnumerable<string> Checksums => Train.Concat(Test).Select(f => f.Sha256).DefaultIfEmpty(Version);
}

/// <summary>The data sets of <see cref="DatasetName"/> and their checksums.</summary>
public static class DatasetCatalog
{
    /// <summary>Bytes of one record: a label and a 3x32x32 image.</summary>
    public const int RecordBytes = 3073;

    public static readonly IReadOnlyList<string> Classes =
        ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"];

    static readonly DatasetFacts Cifar10 = new("cifar-10-batches-bin",
        [
            new("data_batch_1.bin", 10_000, "cee916563c9f80d84e3cc88e17fdc0941787f1244f00a67874d45b261883ada5"),
            new("data_batch_2.bin", 10_000, "a591ca11fa1708a91ee40f54b3da4784ccd871ecf2137de63f51ada8b3fa57ed"),
            new("data_batch_3.bin", 10_000, "bbe8596564c0f86427f876058170b84dac6670ddf06d79402899d93ceea26f67"),
            new("data_batch_4.bin", 10_000, "014e562d6e23c72197cc727519169a60359f5eccd8945ad5a09d710285ff4e48"),
            new("data_batch_5.bin", 10_000, "755304fc0b379caeae8c14f0dac912fbc7d6cd469eb67a1029a08a39453a9add"),
        ],
        [new("test_batch.bin", 10_000, "8e2eb146ae340b09e24670f29cabc6326dba54da8789dab6768acf480273f65b")],
        "canonical");

    static readonly DatasetFacts Cifar10Mini = new("cifar10-mini",
        [new("train.bin", 2_000, "85e1bcd937bff4e1a96822ecf457c7d8b520eb14496e76876f04aadd1e5205d3")],
        [new("test.bin", 1_000, "2874326af7bc2185faa47540a6da15a077e5b66659f8e479abb9ab628170fa86")],
        "canonical");

    // No files: made by a procedure whose version stands for its content; the counts are upper bounds.
    static readonly DatasetFacts Synthetic = new("", [new("train", 50_000, "synthetic-1")], [new("test", 10_000, "synthetic-1")], "synthetic-1");

    public static DatasetFacts Of(DatasetName name) => name switch
    {
        DatasetName.Cifar10 => Cifar10,
        DatasetName.Cifar10Mini => Cifar10Mini,
        DatasetName.Synthetic => Synthetic,
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, "unknown data set"),
    };
}
