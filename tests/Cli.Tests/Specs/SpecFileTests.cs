using KdRobust.Cli.Specs;
using KdRobust.Cli.Tests.Arrange;
using KdRobust.Domain.Experiments;

namespace KdRobust.Cli.Tests.Specs;

public sealed class SpecFileTests
{
    static SpecFile Read(params string[] changes) => SpecFile.Read(SmallSpec.Path, changes);

    static string Refused(params string[] changes)
    {
        var refused = Should.Throw<CommandFailedException>(() => Read(changes));
        refused.ExitCode.ShouldBe(ExitCode.Usage);
        return refused.Message;
    }

    [Fact]
    public void Without_changes_the_file_is_sent_as_it_is() => Read().Text.ShouldBe(File.ReadAllText(SmallSpec.Path));

    [Fact]
    public void Names_numbers_texts_and_lists_can_be_set()
    {
        var spec = Read("dataset.name=cifar10-mini", "models.cni.weights.epochs=5", "tables[1].title=A = B", "transfers.teacher-pgd.attack.epsilon=2/255", "notes=[\"one\"]").Spec;
        spec.Dataset.Name.ShouldBe(DatasetName.Cifar10Mini);
        ((TrainingSpec)spec.Models["cni"].Weights).Epochs.ShouldBe(5);
        spec.Tables[1].Title.ShouldBe("A = B");
        spec.Transfers["teacher-pgd"].Attack.Epsilon.ShouldBe(Fraction.Of(2, 255));
        spec.Notes.ShouldBe(["one"]);
    }

    [Fact]
    public void A_later_change_of_the_same_field_counts() => Read("seed=3", "seed=4").Spec.Seed.ShouldBe(4);

    [Theory]
    [InlineData("dataset.nam=x", "there are name, trainImages, testImages")]
    [InlineData("models.resnet.weights.epochs=3", "has no 'resnet' in 'models'; there are cni, student")]
    [InlineData("tables[7].title=x", "no entry 7 in 'tables', which has 2")]
    [InlineData("seed", "expected path=value")]
    [InlineData("=3", "expected path=value")]
    [InlineData("title.length=3", "has no 'length' in 'title'")]
    public void A_change_that_fits_nowhere_says_what_is_there(string change, string message) => Refused(change).ShouldContain(message);

    [Fact]
    public void A_change_to_a_wrong_value_is_a_problem_of_the_spec() => Refused("models.cni.weights.epochs=many").ShouldContain("$.models.cni.weights.epochs: wrong type; got \"many\"");

    [Fact]
    public void A_file_that_is_not_there_is_named() =>
        Should.Throw<CommandFailedException>(() => SpecFile.Read("/nowhere/spec.json", [])).Message.ShouldContain("/nowhere/spec.json");
}
