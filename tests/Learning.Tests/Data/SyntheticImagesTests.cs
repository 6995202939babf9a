using KdRobust.Domain.Jobs;
using KdRobust.Learning.Data;

namespace KdRobust.Learning.Tests.Data;

public sealed class SyntheticImagesTests
{
    [Fact]
    public void An_image_depends_on_its_split_and_index_alone()
    {
        var few = SyntheticImages.Make(DataSplit.Train, 25);
        var many = SyntheticImages.Make(DataSplit.Train, 100);

        many.First(25).Pixels.ShouldBe(few.Pixels);
        SyntheticImages.Make(DataSplit.Test, 25).Pixels.ShouldNotBe(few.Pixels);
    }

    [Fact]
    public void Classes_are_balanced()
    {
        SyntheticImages.Make(DataSplit.Train, 200).Labels.CountBy(l => l).ShouldAllBe(c => c.Value == 20);
    }

    /// <summary>The content the catalog's version stands for. When this fails on purpose, raise the version there.</summary>
    [Fact]
    public void The_bytes_are_those_of_version_1()
    {
        RecordFile.Sha256(SyntheticImages.Make(DataSplit.Train, 500).Pixels).ShouldBe("?");
        RecordFile.Sha256(SyntheticImages.Make(DataSplit.Test, 500).Pixels).ShouldBe("?");
    }
}
