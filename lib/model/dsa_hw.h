/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SVADK authors
 */
#ifndef DSA_HW_H
#define DSA_HW_H

/**
 * @file
 * Register, descriptor and completion-record layout of Intel DSA version 1.
 *
 * Facts come from the Intel Data Streaming Accelerator Architecture
 * Specification (341204, "the specification" below) and from the public Linux
 * headers drivers/dma/idxd/registers.h and include/uapi/linux/idxd.h. The model
 * and the idxd driver share this file; it includes no OS header.
 */

#include <stddef.h>
#include <stdint.h>
#ifndef __cplusplus
#include <assert.h>
#endif

#ifdef __cplusplus
extern "C" {
#endif

#define DSA_PCI_VENDOR 0x8086
#define DSA_PCI_DEVICE 0x0b25

/* BAR0 offsets: specification, "Memory Mapped Registers"; registers.h. */
#define DSA_REG_VERSION		0x00
#define DSA_REG_GENCAP		0x10
#define DSA_REG_WQCAP		0x20
#define DSA_REG_GRPCAP		0x30
#define DSA_REG_ENGCAP		0x38
#define DSA_REG_OPCAP		0x40	/* four 64-bit words */
#define DSA_REG_TABOFF		0x60	/* two 64-bit words, units of 0x100 */
#define DSA_REG_GENCFG		0x80
#define DSA_REG_GENCTRL		0x88
#define DSA_REG_GENSTS		0x90
#define DSA_REG_INTCAUSE	0x98
#define DSA_REG_CMD		0xa0
#define DSA_REG_CMDSTS		0xa8
#define DSA_REG_CMDCAP		0xb0
#define DSA_REG_SWERR		0xc0	/* 32 bytes */

#define DSA_VERSION_1		0x100

/* GENCAP */
#define DSA_GENCAP_BLOCK_ON_FAULT	(1ULL << 0)
#define DSA_GENCAP_OVERLAP		(1ULL << 1)
#define DSA_GENCAP_CACHE_MEM		(1ULL << 2)
#define DSA_GENCAP_CACHE_FLUSH		(1ULL << 3)
#define DSA_GENCAP_CMD_CAP		(1ULL << 4)
#define DSA_GENCAP_DEST_READBACK	(1ULL << 8)
#define DSA_GENCAP_DRAIN_READBACK	(1ULL << 9)
#define DSA_GENCAP_MAX_XFER_SHIFT(v)	(((v) >> 16) & 0x1f)
#define DSA_GENCAP_MAX_BATCH_SHIFT(v)	(((v) >> 21) & 0xf)
#define DSA_GENCAP_MAX_IMS(v)		((((v) >> 25) & 0x3f) * 256)
#define DSA_GENCAP_CONFIG		(1ULL << 31)
#define DSA_GENCAP_MAX_DESCS(v)		(((v) >> 32) & 0xff)

/* WQCAP */
#define DSA_WQCAP_TOTAL_SIZE(v)		((v) & 0xffff)
#define DSA_WQCAP_NUM_WQS(v)		(((v) >> 16) & 0xff)
#define DSA_WQCAP_CFG_SIZE(v)		(((v) >> 24) & 0xf)
#define DSA_WQCAP_SHARED		(1ULL << 48)
#define DSA_WQCAP_DEDICATED		(1ULL << 49)
#define DSA_WQCAP_PRIORITY		(1ULL << 51)
#define DSA_WQCAP_OCCUPANCY		(1ULL << 52)
#define DSA_WQCAP_OCCUPANCY_INT		(1ULL << 53)

#define DSA_GRPCAP_NUM_GROUPS(v)	((v) & 0xff)
#define DSA_GRPCAP_READ_BUFS(v)		(((v) >> 8) & 0xff)
#define DSA_ENGCAP_NUM_ENGINES(v)	((v) & 0xff)

/* TABOFF: four 16-bit fields in the first word. */
#define DSA_TABOFF_GRPCFG(v)		(((v) & 0xffff) * 0x100)
#define DSA_TABOFF_WQCFG(v)		((((v) >> 16) & 0xffff) * 0x100)
#define DSA_TABOFF_MSIX_PERM(v)		((((v) >> 32) & 0xffff) * 0x100)
#define DSA_TABOFF_IMS(v)		((((v) >> 48) & 0xffff) * 0x100)

/* GENCFG */
#define DSA_GENCFG_USER_INT_EN		(1u << 12)

/* GENCTRL */
#define DSA_GENCTRL_SWERR_INT		(1u << 0)
#define DSA_GENCTRL_HALT_INT		(1u << 1)

/* GENSTS */
#define DSA_GENSTS_STATE(v)		((v) & 3)
#define DSA_STATE_DISABLED		0
#define DSA_STATE_ENABLED		1
#define DSA_STATE_DRAINING		2
#define DSA_STATE_HALT			3
#define DSA_GENSTS_RESET_TYPE(v)	(((v) >> 2) & 3)
#define DSA_RESET_SOFTWARE		0
#define DSA_RESET_FLR			1
#define DSA_RESET_WARM			2
#define DSA_RESET_COLD			3

/* INTCAUSE, write 1 to clear */
#define DSA_INTC_ERR			(1u << 0)
#define DSA_INTC_CMD			(1u << 1)
#define DSA_INTC_OCCUPY			(1u << 2)
#define DSA_INTC_PERFMON_OVFL		(1u << 3)
#define DSA_INTC_HALT			(1u << 4)

/* CMD: operand in 19:0, command in 24:20, interrupt request in 31. */
#define DSA_CMD(cmd, operand)		(((uint32_t)(cmd) << 20) | (operand))
#define DSA_CMD_OPERAND(v)		((v) & 0xfffff)
#define DSA_CMD_CODE(v)			(((v) >> 20) & 0x1f)
#define DSA_CMD_INT_REQ			(1u << 31)
/* Operand of the WQ commands that take a bitmask: bank 19:16, mask 15:0. */
#define DSA_CMD_WQ_MASK(wq)		((((uint32_t)(wq) / 16) << 16) | (1u << ((wq) % 16)))

enum dsa_command {
	DSA_CMD_ENABLE_DEVICE = 1,
	DSA_CMD_DISABLE_DEVICE,
	DSA_CMD_DRAIN_ALL,
	DSA_CMD_ABORT_ALL,
	DSA_CMD_RESET_DEVICE,
	DSA_CMD_ENABLE_WQ,	/* operand is a WQ index */
	DSA_CMD_DISABLE_WQ,	/* the next four take a bank and a mask */
	DSA_CMD_DRAIN_WQ,
	DSA_CMD_ABORT_WQ,
	DSA_CMD_RESET_WQ,
	DSA_CMD_DRAIN_PASID,
	DSA_CMD_ABORT_PASID,
	DSA_CMD_REQUEST_INT_HANDLE,
	DSA_CMD_RELEASE_INT_HANDLE,
};

/* CMDSTS */
#define DSA_CMDSTS_ERR(v)		((v) & 0xff)
#define DSA_CMDSTS_RESULT(v)		(((v) >> 8) & 0xffff)
#define DSA_CMDSTS_ACTIVE		(1u << 31)

enum dsa_cmd_status {
	DSA_CMDSTS_SUCCESS = 0,
	DSA_CMDSTS_INVAL_CMD,
	DSA_CMDSTS_INVAL_WQIDX,
	DSA_CMDSTS_HW_ERR,
	DSA_CMDSTS_ERR_DEV_ENABLED = 0x10,
	DSA_CMDSTS_ERR_CONFIG,
	DSA_CMDSTS_ERR_BUSMASTER_EN,
	DSA_CMDSTS_ERR_PASID_INVAL,
	DSA_CMDSTS_ERR_WQ_SIZE_ERANGE,
	DSA_CMDSTS_ERR_GRP_CONFIG,
	DSA_CMDSTS_ERR_GRP_CONFIG2,
	DSA_CMDSTS_ERR_GRP_CONFIG3,
	DSA_CMDSTS_ERR_GRP_CONFIG4,
	DSA_CMDSTS_ERR_DEV_NOTEN = 0x20,
	DSA_CMDSTS_ERR_WQ_ENABLED,
	DSA_CMDSTS_ERR_WQ_SIZE,
	DSA_CMDSTS_ERR_WQ_PRIOR,
	DSA_CMDSTS_ERR_WQ_MODE,
	DSA_CMDSTS_ERR_BOF_EN,
	DSA_CMDSTS_ERR_PASID_EN,
	DSA_CMDSTS_ERR_MAX_BATCH_SIZE,
	DSA_CMDSTS_ERR_MAX_XFER_SIZE,
	DSA_CMDSTS_ERR_WQ_PRIV = 0x2a,
	DSA_CMDSTS_ERR_OCCUPANCY_INT = 0x2b,
	DSA_CMDSTS_ERR_DIS_DEV_EN = 0x31,
	DSA_CMDSTS_ERR_DEV_NOT_EN,
	DSA_CMDSTS_ERR_INVAL_INT_IDX = 0x41,
	DSA_CMDSTS_ERR_NO_HANDLE,
};

/* SWERR word 0 (registers.h, union sw_err_reg) */
#define DSA_SWERR_VALID			(1ULL << 0)
#define DSA_SWERR_OVERFLOW		(1ULL << 1)
#define DSA_SWERR_DESC_VALID		(1ULL << 2)
#define DSA_SWERR_WQ_IDX_VALID		(1ULL << 3)
#define DSA_SWERR_BATCH			(1ULL << 4)
#define DSA_SWERR_FAULT_RW		(1ULL << 5)
#define DSA_SWERR_PRIV			(1ULL << 6)
#define DSA_SWERR_ERROR(w0)		(((w0) >> 8) & 0xff)
#define DSA_SWERR_WQ_IDX(w0)		(((w0) >> 16) & 0xff)
#define DSA_SWERR_OPERATION(w0)		(((w0) >> 32) & 0xff)
#define DSA_SWERR_PASID(w0)		(((w0) >> 40) & 0xfffff)
/* Errors that are no operation status: specification, "Other Software Error Codes". */
#define DSA_SWERR_PCI_CONFIG		0x51	/* PCI configuration changed while enabled */
#define DSA_SWERR_CMD_ACTIVE		0x52	/* CMD written while a command is active */
#define DSA_SWERR_WQ_FULL		0x53	/* posted to a full dedicated WQ */
/* word 1: batch index in 15:0, invalid flags in 55:32; word 2: address. */

/* MSI-X permission entries: 8 bytes a vector (registers.h, union msix_perm). */
#define DSA_MSIX_PERM_STRIDE		8
#define DSA_MSIX_PERM_IGNORE		(1u << 2)
#define DSA_MSIX_PERM_PASID_EN		(1u << 3)
#define DSA_MSIX_PERM_PASID(p)		(((uint32_t)(p) & 0xfffff) << 12)

/* GRPCFG: 64 bytes a group. */
#define DSA_GRPCFG_STRIDE		64
#define DSA_GRPCFG_WQS(i)		(8 * (i))	/* four words, one bit a WQ */
#define DSA_GRPCFG_ENGINES		32
#define DSA_GRPCFG_FLAGS		40

/* WQCFG: 32-bit words (registers.h, union wqcfg). */
#define DSA_WQCFG_MIN_STRIDE		32
#define DSA_WQCFG_SIZE			0x00	/* 15:0 */
#define DSA_WQCFG_THRESHOLD		0x04	/* 15:0 */
#define DSA_WQCFG_MODE			0x08
#define DSA_WQCFG_LIMITS		0x0c
#define DSA_WQCFG_OCCUPANCY_INT		0x10
#define DSA_WQCFG_OCCUPANCY_LIMIT	0x14
#define DSA_WQCFG_STATE			0x18
#define DSA_WQCFG_MODE_DEDICATED	(1u << 0)
#define DSA_WQCFG_MODE_BOF		(1u << 1)
#define DSA_WQCFG_PRIORITY(p)		(((uint32_t)(p) & 0xf) << 4)
#define DSA_WQCFG_PASID(p)		(((uint32_t)(p) & 0xfffff) << 8)
#define DSA_WQCFG_PASID_EN		(1u << 28)
#define DSA_WQCFG_PRIV			(1u << 29)
#define DSA_WQCFG_GET_PRIORITY(v)	(((v) >> 4) & 0xf)
#define DSA_WQCFG_GET_PASID(v)		(((v) >> 8) & 0xfffff)
#define DSA_WQCFG_MAX_XFER_SHIFT(s)	((uint32_t)(s) & 0x1f)
#define DSA_WQCFG_MAX_BATCH_SHIFT(s)	(((uint32_t)(s) & 0xf) << 5)
#define DSA_WQCFG_GET_MAX_XFER(v)	((v) & 0x1f)
#define DSA_WQCFG_GET_MAX_BATCH(v)	(((v) >> 5) & 0xf)
#define DSA_WQCFG_STATE_OCCUPANCY(v)	((v) & 0xffff)
#define DSA_WQCFG_STATE_OF(v)		(((v) >> 30) & 3)
#define DSA_WQCFG_OCCUPANCY_EN		(1u << 16)	/* in DSA_WQCFG_OCCUPANCY_LIMIT */
#define DSA_WQCFG_OCCUPANCY_TOLD	(1u << 16)	/* in DSA_WQCFG_STATE, write 1 to clear */
#define DSA_WQ_DISABLED			0
#define DSA_WQ_ENABLED			1
#define DSA_WQ_BUSY			2

/* BAR2: four 4 KiB portals a WQ. */
#define DSA_PORTAL_SIZE			0x1000
#define DSA_PORTAL_OFFSET(wq, limited)	(((uint64_t)(wq) << 14) | ((limited) ? 0x1000 : 0))
#define DSA_PORTAL_WQ(off)		((unsigned int)((off) >> 14))
#define DSA_PORTAL_LIMITED(off)		(((off) >> 12) & 1)

/* Opcodes (idxd.h, enum dsa_opcode) */
enum dsa_op {
	DSA_OP_NOOP = 0x00,
	DSA_OP_BATCH = 0x01,
	DSA_OP_DRAIN = 0x02,
	DSA_OP_MEMMOVE = 0x03,
	DSA_OP_FILL = 0x04,
	DSA_OP_COMPARE = 0x05,
	DSA_OP_COMPARE_PATTERN = 0x06,
	DSA_OP_CREATE_DELTA = 0x07,
	DSA_OP_APPLY_DELTA = 0x08,
	DSA_OP_DUALCAST = 0x09,
	DSA_OP_CRC = 0x10,
	DSA_OP_COPY_CRC = 0x11,
	DSA_OP_DIF_CHECK = 0x12,
	DSA_OP_DIF_INSERT = 0x13,
	DSA_OP_DIF_STRIP = 0x14,
	DSA_OP_DIF_UPDATE = 0x15,
	DSA_OP_CACHE_FLUSH = 0x20,
};

/* Descriptor flags (idxd.h, IDXD_OP_FLAG_*), 24 bits */
#define DSA_FLAG_FENCE			0x000001u
#define DSA_FLAG_BLOCK_ON_FAULT		0x000002u
#define DSA_FLAG_COMPL_VALID		0x000004u
#define DSA_FLAG_COMPL_REQ		0x000008u
#define DSA_FLAG_COMPL_INT		0x000010u
#define DSA_FLAG_COMPL_STEERING		0x000020u
#define DSA_FLAG_CHECK_RESULT		0x000080u
#define DSA_FLAG_CACHE_CONTROL		0x000100u
#define DSA_FLAG_ADDR1_TC		0x000200u
#define DSA_FLAG_ADDR2_TC		0x000400u
#define DSA_FLAG_ADDR3_TC		0x000800u
#define DSA_FLAG_COMPL_TC		0x001000u
#define DSA_FLAG_STRICT_ORDER		0x002000u
#define DSA_FLAG_DEST_READBACK		0x004000u
#define DSA_FLAG_DEST_STEERING		0x008000u
/* Operation-specific flags, 23:16; CRC: specification, "CRC Generation". */
#define DSA_FLAG_CRC_READ_SEED		0x010000u
#define DSA_FLAG_CRC_NO_INVERT		0x020000u
#define DSA_FLAG_CRC_NO_REFLECT		0x040000u

/* Completion status (idxd.h, enum dsa_completion_status) */
enum dsa_status {
	DSA_STS_NONE = 0x00,
	DSA_STS_SUCCESS = 0x01,
	DSA_STS_SUCCESS_PREDICATE = 0x02,
	DSA_STS_PAGE_FAULT = 0x03,
	DSA_STS_PAGE_FAULT_RESPONSE = 0x04,
	DSA_STS_BATCH_FAIL = 0x05,
	DSA_STS_BATCH_PAGE_FAULT = 0x06,
	DSA_STS_DELTA_ORDER = 0x07,
	DSA_STS_DELTA_RANGE = 0x08,
	DSA_STS_DIF_ERROR = 0x09,
	DSA_STS_BAD_OPCODE = 0x10,
	DSA_STS_BAD_FLAGS = 0x11,
	DSA_STS_NONZERO_RESERVED = 0x12,
	DSA_STS_XFER_SIZE = 0x13,
	DSA_STS_DESC_COUNT = 0x14,
	DSA_STS_DELTA_SIZE = 0x15,
	DSA_STS_OVERLAP = 0x16,
	DSA_STS_DUALCAST_ALIGN = 0x17,
	DSA_STS_LIST_ALIGN = 0x18,
	DSA_STS_INT_HANDLE = 0x19,
	DSA_STS_COMPL_FAULT = 0x1a,
	DSA_STS_COMPL_ALIGN = 0x1b,
	DSA_STS_ADDR_ALIGN = 0x1c,
	DSA_STS_PRIV = 0x1d,
	DSA_STS_TC = 0x1e,
	DSA_STS_READBACK_FAULT = 0x1f,
	DSA_STS_HW_ERROR = 0x20,
	DSA_STS_HW_ERROR_READBACK = 0x21,
	DSA_STS_TRANSLATION = 0x22,
};
#define DSA_STS_MASK			0x7f	/* of the status byte */
#define DSA_STS_WRITE_FAULT		0x80	/* set where a page fault was a write */

/**
 * A descriptor, in 64-bit words so that it can be copied and validated without
 * bit-fields: specification, "Descriptor". Word 0 holds PASID (19:0), reserved
 * (30:20), privilege (31), flags (55:32) and opcode (63:56).
 */
struct dsa_desc {
	uint32_t pasid_priv;
	uint32_t op_flags;	/* flags in 23:0, opcode in 31:24 */
	uint64_t compl_addr;
	uint64_t src;		/* or pattern, or the address of a batch list */
	uint64_t dst;		/* or second source, or compare pattern */
	uint32_t size;		/* bytes, or the number of descriptors of a batch */
	uint16_t int_handle;
	uint16_t reserved;
	uint64_t op[3];		/* operation-specific, bytes 40 to 63 */
};

#define DSA_OP_FLAGS(op, flags)		(((uint32_t)(op) << 24) | (flags))
#define DSA_DESC_OPCODE(op_flags)	((op_flags) >> 24)
#define DSA_DESC_FLAGS(op_flags)	((op_flags) & 0xffffff)
#define DSA_DESC_ALIGN			64

/*
 * The DIF operations: specification, "DIF Update". Word op[0] has the source flags in
 * 7:0, the destination flags in 15:8 and the DIF flags in 23:16; op[1] the source's
 * tags, op[2] the destination's: reference tag seed 31:0, application tag mask 47:32,
 * application tag seed 63:48. A completion record has them so too, source first.
 */
#define DSA_DIF_BLOCK_512		0x00
#define DSA_DIF_BLOCK_520		0x01
#define DSA_DIF_BLOCK_4096		0x02
#define DSA_DIF_BLOCK_4104		0x03
#define DSA_DIF_INVERT_SEED		0x04
#define DSA_DIF_INVERT_RESULT		0x08
#define DSA_DIF_ALL_F_ERROR		0x01	/* source */
#define DSA_DIF_ALL_F			0x02	/* source */
#define DSA_DIF_APP_F			0x04	/* source */
#define DSA_DIF_TAGS_F			0x08	/* source */
#define DSA_DIF_APP_INCREMENT		0x10	/* both */
#define DSA_DIF_NO_GUARD		0x20	/* source */
#define DSA_DIF_NO_REF			0x40	/* source */
#define DSA_DIF_REF_FIXED		0x80	/* both */
#define DSA_DIF_PASS_APP		0x08	/* destination */
#define DSA_DIF_PASS_GUARD		0x20	/* destination */
#define DSA_DIF_PASS_REF		0x40	/* destination */
#define DSA_DIF_SRC_FLAGS(d)		((uint8_t)(d)->op[0])
#define DSA_DIF_DST_FLAGS(d)		((uint8_t)((d)->op[0] >> 8))
#define DSA_DIF_FLAGS(d)		((uint8_t)((d)->op[0] >> 16))
#define DSA_DIF_OP(src, dst, dif)	((uint64_t)(src) | (uint64_t)(dst) << 8 |		\
					 (uint64_t)(dif) << 16)
#define DSA_DIF_TAGS(ref, mask, app)	((uint64_t)(ref) | (uint64_t)(mask) << 32 |		\
					 (uint64_t)(app) << 48)
/* Result byte of a record whose status is DSA_STS_DIF_ERROR. */
#define DSA_DIF_STS_GUARD		0x01
#define DSA_DIF_STS_APP			0x02
#define DSA_DIF_STS_REF			0x04
#define DSA_DIF_STS_ALL_F		0x08

/* Delta records: specification, "Create Delta Record". */
#define DSA_DELTA_BYTES			10	/* of one delta: 16-bit offset / 8, then 8 bytes */
#define DSA_DELTA_MIN_RECORD		80
#define DSA_DELTA_MAX_SIZE		0x80000	/* bytes compared */

/** A completion record: specification, "Completion Record". */
struct dsa_compl {
	uint8_t status;		/* written last */
	uint8_t result;
	uint16_t reserved;
	uint32_t bytes;		/* completed; descriptors completed of a batch */
	uint64_t fault_addr;
	uint64_t op[2];		/* invalid flags, CRC, delta size, DIF tags */
};
#define DSA_COMPL_ALIGN			32

#ifndef __cplusplus
static_assert(sizeof(struct dsa_desc) == 64, "DSA descriptor is 64 bytes");
static_assert(offsetof(struct dsa_desc, op) == 40, "operation-specific part at 40");
static_assert(sizeof(struct dsa_compl) == 32, "DSA completion record is 32 bytes");
#endif

#ifdef __cplusplus
}
#endif

#endif /* DSA_HW_H */
