using KdRobust.Domain.Jobs;
using KdRobust.Persistence.Jobs;
using KdRobust.Persistence.Tests.Arrange;
using KdRobust.Support;

namespace KdRobust.Persistence.Tests.Jobs;

public sealed class OutOfMemoryTests
{
    static readonly JobFailure NoMemory = new(FailureKind.OutOfMemory, "CUDA out of memory", "");

    [PostgresFact]
    public async Task Training_is_tried_again_at_once_in_passes_of_half_as_many_images_down_to_one()
    {
        await using var database = await MigratedDatabase.Create();
        var desk = new Desk(database);
        var id = await desk.SubmitOneJob();
        var passes = new List<int?>();
        FailOutcome outcome;
        int images;
        do
        {
            var claimed = await desk.Claim();
            images = claimed.MicroBatch ?? ((TrainPayload)claimed.Payload).Training.MicroBatch;
            passes.Add(claimed.MicroBatch);
            claimed.Attempt.ShouldBe(1, "asking for less is no attempt");
            outcome = await desk.Jobs.Fail(claimed.Lease, NoMemory);
        }
        while (images > 1);
        outcome.ShouldBe(FailOutcome.WillRetry, "with one image a pass it is a crash like others");
        (await desk.Job(id)).MicroBatch.ShouldBe(1);
        var expected = new List<int?> { null };
        for (var n = Specs.OneJob(1).Models["cni"].Weights is Domain.Experiments.TrainingSpec training ? training.MicroBatch / 2 : 0; n >= 1; n /= 2)
            expected.Add(n);
        passes.ShouldBe(expected);
        (await desk.Jobs.Events(id)).Count(line => line.Reason.Contains("tried again in passes of")).ShouldBe(expected.Count - 1);
    }

    [PostgresFact]
    public async Task Evaluation_has_no_passes_to_make_smaller_and_fails_at_the_third()
    {
        await using var database = await MigratedDatabase.Create();
        var desk = new Desk(database);
        await desk.Submit(Specs.Diamond(Specs.NewSeed()));
        await desk.Work();
        for (var time = 1; time <= RetryPolicy.MaxCrashes; time++)
        {
            var claimed = await desk.Claim();
            claimed.Payload.ShouldBeOfType<SmoothingEvalPayload>();
            (await desk.Jobs.Fail(claimed.Lease, NoMemory)).ShouldBe(time < RetryPolicy.MaxCrashes ? FailOutcome.WillRetry : FailOutcome.Final);
            await desk.PassWaits();
        }
    }
}
