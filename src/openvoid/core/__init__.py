"""The words of OpenVOID: plain types on numpy and the standard library."""
