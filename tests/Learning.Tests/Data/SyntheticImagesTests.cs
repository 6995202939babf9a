using KdRobust.Domain.Jobs;
using KdRobust.Learning.Data;
using KdRobust.Support;

namespace KdRobust.Learning.Tests.Data;

public sealed class SyntheticImagesTests
{
    [DeviceFact]
    public void An_image_depends_on_its_split_and_index_alone()
    {
        var few = SyntheticImages.Make(DataSplit.Train, 25);
        var many = SyntheticImages.Make(DataSplit.Train, 100);

        many.First(25).Pixels.ShouldBe(few.Pixels);
        SyntheticImages.Make(DataSplit.Test, 25).Pixels.ShouldNotBe(few.Pixels);
    }

    [DeviceFact]
    public void Classes_are_balanced()
    {
        SyntheticImages.Make(DataSplit.Train, 200).Labels.CountBy(l => l).ShouldAllBe(c => c.Value == 20);
    }

    /// <summary>The content the catalog's version stands for. When this fails on purpose, raise the version there.</summary>
    [DeviceFact]
    public void The_bytes_are_those_of_version_1()
    {
        RecordFile.Sha256(SyntheticImages.Make(DataSplit.Train, 500).Pixels).ShouldBe("546f4ebed15491d28f4ea6617c89334847c36966fab4d3d87b5280782d7dbfa9");
        RecordFile.Sha256(SyntheticImages.Make(DataSplit.Test, 500).Pixels).ShouldBe("fd68bed43f34a32105985054bf1045b9643567daa8dc10a0d3516840c4ecaa0c");
    }
}
