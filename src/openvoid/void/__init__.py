"""The engine with weights: CogVideoX-Fun with Netflix's released VOID transformers, two passes."""
