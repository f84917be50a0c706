/**
 * The account that every Azure storage emulator has, with the key that is printed in the public
 * documentation of Azurite (`storage/common/storage-connect-azurite.md`): it protects nothing.
 */
export const storageAccount = {
  name: "devstoreaccount1",
  key: "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==",
} as const;
