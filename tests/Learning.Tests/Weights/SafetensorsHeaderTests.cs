using System.Text;
using KdRobust.Domain.Runs;
using KdRobust.Learning.Weights;
using KdRobust.Support;

namespace KdRobust.Learning.Tests.Weights;

public sealed class SafetensorsHeaderTests
{
    static SafetensorsHeader Parse(string json, long dataBytes) => SafetensorsHeader.Parse(Encoding.UTF8.GetBytes(json), dataBytes, "w.safetensors");

    [DeviceFact]
    public void A_header_of_the_public_format_is_read()
    {
        var header = Parse("""
            {"__metadata__":{"format":"pt"},
             "b":{"dtype":"I64","shape":[],"data_offsets":[24,32]},
             "a":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},
             "none":{"dtype":"U8","shape":[0,5],"data_offsets":[32,32]}}    
            """, 32);

        header.Metadata["format"].ShouldBe("pt");
        header.Entries.Count.ShouldBe(3);
        header.Entries.Single(e => e.Name == "a").Shape.ShouldBe([2, 3]);
        header.Entries.Single(e => e.Name == "b").Bytes.ShouldBe(8);
    }

    [DeviceTheory]
    [InlineData("F64", 16)]
    [InlineData("F16", 4)]
    [InlineData("BF16", 4)]
    [InlineData("I32", 8)]
    [InlineData("I16", 4)]
    [InlineData("I8", 2)]
    [InlineData("BOOL", 2)]
    public void Types_that_only_others_write_are_read(string dtype, long bytes)
    {
        var entry = Parse($$$"""{"a":{"dtype":"{{{dtype}}}","shape":[2],"data_offsets":[0,{{{bytes}}}]}}""", bytes).Entries.Single();
        entry.Type.ToString().ShouldBe(dtype);
        entry.Bytes.ShouldBe(bytes);
    }

    [DeviceTheory]
    [InlineData("""[]""", 0, "not a JSON object")]
    [InlineData("""{"a":""", 0, "not the JSON expected")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", 8, "not the JSON expected")]
    [InlineData("""{"a":{"dtype":"F32","shape":[[[[1]]]],"data_offsets":[0,4]}}""", 4, "not the JSON expected")]
    [InlineData("""{"a":{"dtype":"F8_E4M3","shape":[1],"data_offsets":[0,1]}}""", 1, "dtype \"F8_E4M3\"; expected F32, I64, U8, F64, F16, BF16, I32, I16, I8, BOOL")]
    [InlineData("""{"a":{"dtype":"bf16","shape":[1],"data_offsets":[0,2]}}""", 2, "dtype \"bf16\"")]
    [InlineData("""{"a":{"dtype":"0","shape":[1],"data_offsets":[0,4]}}""", 4, "dtype \"0\"")]
    [InlineData("""{"a":{"dtype":7,"shape":[1],"data_offsets":[0,2]}}""", 2, "dtype 7")]
    [InlineData("""{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}""", 4, "not a list of sizes")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1.5],"data_offsets":[0,6]}}""", 6, "not a list of sizes")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"pickle":1}}""", 4, "field 'pickle'")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1]}}""", 4, "lacks one of")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}""", 4, "expected [begin, end]")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}""", 4, "needs 8")]
    [InlineData("""{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]}}""", 0, "more than can be counted")]
    [InlineData("""{"a":{"dtype":"F32","shape":[4294967296,4294967296,4294967296,4294967296,4294967296],"data_offsets":[0,0]}}""", 0, "more than can be counted")]
    [InlineData("""{"a":{"dtype":"U8","shape":[1,1,1,1,1,1,1,1,1],"data_offsets":[0,1]}}""", 1, "9 dimensions")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 4, "begins at byte 0 of the data; expected 4")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", 8, "begins at byte 4 of the data; expected 0")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 7, "cut short")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 9, "1 bytes follow")]
    [InlineData("""{"__metadata__":{"a":1}}""", 0, "__metadata__.a is not a text")]
    [InlineData("""{"__metadata__":[]}""", 0, "__metadata__ is not an object")]
    public void A_hostile_header_is_refused(string json, long dataBytes, string reason)
    {
        var refusal = Should.Throw<RunInputException>(() => Parse(json, dataBytes));

        refusal.Message.ShouldStartWith("w.safetensors: not a valid safetensors file:");
        refusal.Message.ShouldContain(reason);
    }
}
