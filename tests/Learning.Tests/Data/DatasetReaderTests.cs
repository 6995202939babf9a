using KdRobust.Domain.Experiments;
using KdRobust.Domain.Jobs;
using KdRobust.Domain.Runs;
using KdRobust.Learning.Data;
using KdRobust.Support;

namespace KdRobust.Learning.Tests.Data;

public sealed class DatasetReaderTests : IDisposable
{
    readonly string _folder = Directory.CreateTempSubdirectory("kdr-data-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    static DatasetSpec Spec(DatasetName name, int train, int test) => new() { Name = name, TrainImages = train, TestImages = test };

    static byte[] Records(int count) => RecordFile.Join(SyntheticImages.Make(DataSplit.Train, count));

    string Write(byte[] bytes, string name = "some.bin")
    {
        File.WriteAllBytes(Path.Combine(_folder, name), bytes);
        return name;
    }

    [DeviceFact]
    public void Records_are_read_back_as_they_were_written()
    {
        var bytes = Records(30);
        var file = new DatasetFile(Write(bytes), 30, RecordFile.Sha256(bytes));

        var images = RecordFile.Read(_folder, file);

        images.Count.ShouldBe(30);
        images.Labels[17].ShouldBe((byte)7);
        images.Pixels[3072 * 17].ShouldBe(bytes[(3073 * 17) + 1]);
        RecordFile.Join(images).ShouldBe(bytes);
    }

    [DeviceFact]
    public void A_file_cut_short_is_refused_with_its_offset()
    {
        var bytes = Records(30);
        var file = new DatasetFile(Write(bytes[..(3073 * 12 + 5)]), 30, RecordFile.Sha256(bytes));

        var refusal = Should.Throw<RunInputException>(() => RecordFile.Read(_folder, file));

        refusal.Message.ShouldContain("some.bin");
        refusal.Message.ShouldContain("offset 36881 (record 12, byte 5");
    }

    [DeviceFact]
    public void A_file_that_is_too_long_is_refused()
    {
        var bytes = Records(31);
        var file = new DatasetFile(Write(bytes), 30, RecordFile.Sha256(bytes));

        Should.Throw<RunInputException>(() => RecordFile.Read(_folder, file)).Message.ShouldContain("offset 92190");
    }

    [DeviceFact]
    public void A_label_above_nine_is_refused_with_its_offset()
    {
        var bytes = Records(30);
        bytes[3073 * 21] = 10;
        var file = new DatasetFile(Write(bytes), 30, RecordFile.Sha256(bytes));

        Should.Throw<RunInputException>(() => RecordFile.Read(_folder, file)).Message.ShouldContain("label 10 at offset 64533 (record 21)");
    }

    [DeviceFact]
    public void One_changed_pixel_is_refused()
    {
        var bytes = Records(30);
        var file = new DatasetFile(Write(bytes), 30, RecordFile.Sha256(bytes));
        bytes[3073 + 100] ^= 1;
        Write(bytes);

        Should.Throw<RunInputException>(() => RecordFile.Read(_folder, file)).Message.ShouldContain("SHA-256");
    }

    [DeviceFact]
    public void A_missing_file_is_refused_by_name()
    {
        Should.Throw<RunInputException>(() => RecordFile.Read(_folder, new DatasetFile("absent.bin", 1, ""))).Message.ShouldContain("absent.bin");
    }

    [DeviceFact]
    public void A_missing_data_set_says_what_to_do()
    {
        var refusal = Should.Throw<RunInputException>(() => DatasetReader.Read(Spec(DatasetName.Cifar10Mini, 10, 10), DataSplit.Test, _folder));

        refusal.Message.ShouldContain(_folder);
        refusal.Message.ShouldContain("KDR_DATA");
        refusal.Message.ShouldContain("synthetic");
        Should.Throw<RunInputException>(() => DatasetReader.Read(Spec(DatasetName.Cifar10, 10, 10), DataSplit.Test, null)).Message.ShouldContain("no data folder is known");
    }

    [DeviceFact]
    public void More_images_than_the_set_has_are_refused()
    {
        Should.Throw<RunInputException>(() => DatasetReader.Read(Spec(DatasetName.Cifar10Mini, 2001, 10), DataSplit.Train, _folder)).Message
            .ShouldBe("dataset.trainImages: 2001, but cifar10-mini has 2000");
    }

    [DeviceFact]
    public void The_mini_set_takes_the_first_images_of_each_class_in_file_order()
    {
        var images = SyntheticImages.Make(DataSplit.Train, 40);
        // 0..9 four times, and one class moved to the end.
        images.Labels[3] = 9;

        var cut = CifarMini.FirstOfEachClass(images, 2);

        cut.Labels.ShouldBe(new byte[] { 0, 1, 2, 9, 4, 5, 6, 7, 8, 9, 0, 1, 2, 3, 4, 5, 6, 7, 8, 3 });
        cut.Pixels[^3072..].ShouldBe(images.Pixels[(23 * 3072)..(24 * 3072)]);
    }

    [DeviceFact]
    public void A_named_folder_that_is_not_there_is_an_error_and_not_a_fallback()
    {
        Should.Throw<RunInputException>(() => DataFolder.Resolve(Path.Combine(_folder, "typo"))).Message.ShouldContain("typo");
        DataFolder.Resolve(_folder).ShouldBe(_folder);
    }

    [DataFact]
    public void The_mini_set_is_class_balanced()
    {
        var train = DatasetReader.Read(Spec(DatasetName.Cifar10Mini, 2000, 1000), DataSplit.Train, DataFolder.Resolve(null));
        var test = DatasetReader.Read(Spec(DatasetName.Cifar10Mini, 2000, 1000), DataSplit.Test, DataFolder.Resolve(null));

        train.Labels.CountBy(l => l).ShouldAllBe(c => c.Value == 200);
        test.Labels.CountBy(l => l).ShouldAllBe(c => c.Value == 100);
    }

    [DeviceFact]
    public void A_cut_is_checked_like_a_file()
    {
        var full = Records(40);
        var source = new DatasetFile(Write(full), 40, RecordFile.Sha256(full));
        var expected = Records(20);

        RecordFile.Join(CifarMini.Cut(_folder, source, new DatasetFile("cut.bin", 20, RecordFile.Sha256(expected)))).ShouldBe(expected);
        Should.Throw<InvalidOperationException>(() => CifarMini.Cut(_folder, source, new DatasetFile("cut.bin", 20, "other"))).Message.ShouldContain("cut.bin");
    }

    [DeviceFact]
    public void Images_go_on_from_file_to_file_and_no_file_is_read_in_vain()
    {
        var (first, second) = (Records(10), Records(20)[(10 * 3073)..]);
        DatasetFile[] files =
        [
            new(Write(first, "1.bin"), 10, RecordFile.Sha256(first)),
            new(Write(second, "2.bin"), 10, RecordFile.Sha256(second)),
            new("absent.bin", 10, ""),
        ];

        RecordFile.Join(DatasetReader.Concatenate(_folder, files, 15)).ShouldBe(Records(15));
        RecordFile.Join(DatasetReader.Concatenate(_folder, files, 10)).ShouldBe(first);
        Should.Throw<RunInputException>(() => DatasetReader.Concatenate(_folder, files, 21)).Message.ShouldContain("absent.bin");
    }
}
