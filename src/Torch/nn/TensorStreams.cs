namespace TorchSharp;

public static partial class TensorExtensionMethods
{
    /// <summary>Writes element type, sizes and bytes in TorchSharp's format.</summary>
    public static void Save(this torch.Tensor tensor, BinaryWriter writer)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        ArgumentNullException.ThrowIfNull(writer);
        StateFile.WriteTensor(writer, tensor);
    }

    /// <summary>Reads a tensor of the same type and sizes into this one, on its device.</summary>
    /// <param name="tensor">The target.</param>
    /// <param name="reader">Stands at the start of a tensor written by <see cref="Save"/>.</param>
    /// <param name="skip">Whether the stored values are read over and left out.</param>
    /// <exception cref="InvalidDataException">The stored tensor is of another type or of other sizes, or the data ends too early.</exception>
    public static void Load(this torch.Tensor tensor, BinaryReader reader, bool skip = false)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        ArgumentNullException.ThrowIfNull(reader);
        using var scope = torch.NewDisposeScope();
        using var guard = torch.no_grad();
        var stored = StateFile.ReadTensor(reader);
        if (skip)
            return;
        if (stored.dtype != tensor.dtype || !stored.shape.SequenceEqual(tensor.shape))
            throw new InvalidDataException($"The stored tensor is {stored.dtype} [{string.Join(", ", stored.shape)}], expected {tensor.dtype} [{string.Join(", ", tensor.shape)}].");
        tensor.copy_(stored);
    }
}
